package io.jenkins.plugins.lambdanode.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The proxy that all tests with an emulator go through: what it refuses, in AWS's words. */
@ExtendWith(EmulatorExtension.class)
class StrictAwsTest {

    @Test
    void whatAwsRefusesIsRefused() throws Exception {
        String script = Files.readString(Path.of("src/test/resources/strict/broken_requests.py"));

        assertEquals(
                """
                good: 404 ResourceNotFoundException
                good, an ARN in the path: 404 ResourceNotFoundException
                wrong secret: 403 InvalidSignatureException
                unknown key: 403 UnrecognizedClientException
                no signature: 403 MissingAuthenticationTokenException
                a token that the key has not: 403 UnrecognizedClientException
                another path: 403 InvalidSignatureException
                another query: 403 InvalidSignatureException
                altered body: 403 InvalidSignatureException
                a header of AWS that is not signed: 403 InvalidSignatureException
                a signed header is missing: 400 IncompleteSignatureException
                another value of a signed header: 403 InvalidSignatureException
                4 minutes old: 404 ResourceNotFoundException
                6 minutes old: 403 InvalidSignatureException
                6 minutes early: 403 InvalidSignatureException
                another service's scope: 403 InvalidSignatureException
                another region's function: 404 ResourceNotFoundException
                another region's endpoint: 403 InvalidSignatureException
                its own region's endpoint: 404 ResourceNotFoundException
                larger than Lambda takes: 413 RequestEntityTooLargeException
                S3, good: 200
                S3, 14 minutes old: 200
                S3, 16 minutes old: 403 RequestTimeTooSkewed
                S3, altered body: 403 XAmzContentSHA256Mismatch
                S3, wrong secret: 403 SignatureDoesNotMatch
                S3, another service's scope: 400 AuthorizationHeaderMalformed
                S3, right x-amz-checksum-sha256: 200
                S3, wrong x-amz-checksum-sha256: 400 BadDigest
                S3, right x-amz-checksum-crc32: 200
                S3, wrong x-amz-checksum-crc32: 400 BadDigest
                S3, right Content-MD5: 200
                S3, wrong Content-MD5: 400 BadDigest
                S3, no checksum of the algorithm: 400 InvalidRequest
                S3, no length: 411 MissingContentLength
                S3, bucket of another region: 301 PermanentRedirect
                S3, right trailing checksum: 200
                S3, wrong trailing checksum: 400 BadDigest
                URL, good: 200
                URL, without its checksum: 403 SignatureDoesNotMatch
                URL, another checksum: 403 SignatureDoesNotMatch
                URL, another body: 400 BadDigest
                URL, another key: 403 SignatureDoesNotMatch
                URL, longer valid: 403 SignatureDoesNotMatch
                URL, a header of AWS that is not signed: 403 AccessDenied
                URL, expired: 403 AccessDenied
                URL, expired, before the body: 403 AccessDenied
                upload without its part's checksum: 400 InvalidRequest
                upload with its part's checksum: 200
                no policy: 403 AccessDeniedException
                allowed: 404 ResourceNotFoundException
                allowed, not for a version: 403 AccessDeniedException
                allowed, not for another function: 403 AccessDeniedException
                denied: 403 AccessDeniedException
                the code is in a bucket that may not be read: 403 AccessDeniedException
                the code is in a bucket that may be read: 404 ResourceNotFoundException
                a version of it may not be read: 403 AccessDeniedException
                an object is not there, in a bucket that may not be listed: 403 AccessDenied
                a role may not be passed: 403 AccessDeniedException
                a KMS key may not be used: 403 AccessDenied
                another CodeSha256 than the code's: 502 StrictProxyException
                """.strip(),
                Program.python(script, Emulator.MINISTACK.endpoint().toString()));
    }
}
