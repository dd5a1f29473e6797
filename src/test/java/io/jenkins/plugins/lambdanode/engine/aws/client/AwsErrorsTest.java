package io.jenkins.plugins.lambdanode.engine.aws.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.http.SendReply;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.core.exception.SdkException;

/** The answers are AWS's own, as its documentation and users' reports quote them. */
class AwsErrorsTest {

    private static final String FUNCTION = "arn:aws:lambda:eu-west-1:*:function:orders";
    private static final AwsOperation UPDATE = new AwsOperation(
            "Lambda did not update the code of function orders",
            "lambda:UpdateFunctionCode",
            FUNCTION,
            "function orders",
            "eu-west-1");
    private static final AwsOperation STAGE = new AwsOperation(
            "The package could not be staged at s3://staging/orders/1.zip",
            "s3:PutObject",
            "arn:aws:s3:::staging/orders/1.zip",
            "bucket staging",
            "eu-west-1");

    private static String lambda(int status, String type, String message) {
        return AwsErrors.exception(
                        UPDATE,
                        AwsFailure.of(SendReply.response(
                                status,
                                Map.of("x-amzn-errortype", type),
                                "{\"Message\": \"" + message + "\", \"Type\": \"User\"}")))
                .getMessage();
    }

    private static String s3(int status, String code, String message) {
        String xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>" + code + "</Code><Message>" + message
                + "</Message><RequestId>4442587FB7D0A2F9</RequestId></Error>";
        return AwsErrors.exception(STAGE, AwsFailure.of(SendReply.response(status, Map.of(), xml)))
                .getMessage();
    }

    @Test
    void aMissingPermissionIsNamedWithTheStatementToAdd() {
        String text = lambda(
                403,
                "AccessDeniedException",
                "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: lambda:UpdateFunctionCode on"
                        + " resource: arn:aws:lambda:eu-west-1:123456789012:function:orders because no identity-based"
                        + " policy allows the lambda:UpdateFunctionCode action");

        assertEquals("""
                Lambda did not update the code of function orders in eu-west-1: access denied.
                AWS says: AccessDeniedException: User: arn:aws:iam::123456789012:user/ci is not authorized to perform: \
                lambda:UpdateFunctionCode on resource: arn:aws:lambda:eu-west-1:123456789012:function:orders because no \
                identity-based policy allows the lambda:UpdateFunctionCode action
                Add this statement to the policy of the user or role that deploys:
                  {"Effect": "Allow", "Action": "lambda:UpdateFunctionCode", "Resource": \
                "arn:aws:lambda:eu-west-1:123456789012:function:orders"}""", text);
    }

    @Test
    void aMissingPermissionWithoutWordsIsNamedFromWhatWasAsked() {
        String text = s3(403, "AccessDenied", "Access Denied");

        assertTrue(
                text.endsWith("{\"Effect\": \"Allow\", \"Action\": \"s3:PutObject\", \"Resource\":"
                        + " \"arn:aws:s3:::staging/orders/1.zip\"}"),
                text);
    }

    /** IAM User Guide, "Troubleshoot access denied error messages". */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "with an explicit deny in an identity-based policy|explicit deny in an identity-based policy",
                "with an explicit deny in a service control policy|explicit deny in a service control policy",
                "with an explicit deny in a resource-based policy|explicit deny in a resource-based policy",
                "with an explicit deny in a permissions boundary|explicit deny in a permissions boundary",
                "with an explicit deny|explicit deny in a policy",
                "because no service control policy allows the lambda:UpdateFunctionCode action|lack of an Allow in a service control policy",
                "because no permissions boundary allows the lambda:UpdateFunctionCode action|lack of an Allow in a permissions boundary",
                "because no session policy allows the lambda:UpdateFunctionCode action|lack of an Allow in a session policy"
            })
    void againstWhatDeniesNoStatementThatAllowsIsAdvised(String words, String advice) {
        String text = lambda(
                403,
                "AccessDeniedException",
                "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: lambda:UpdateFunctionCode on"
                        + " resource: arn:aws:lambda:eu-west-1:123456789012:function:orders " + words);

        assertTrue(lastLine(text).contains(advice), text);
        assertTrue(
                lastLine(text)
                        .contains("lambda:UpdateFunctionCode on arn:aws:lambda:eu-west-1:123456789012:function:orders"),
                text);
        assertFalse(text.contains("\"Effect\""), text);
    }

    @Test
    void aDeniedObjectIsAllowedWithAllOthersUnderItsPrefix() {
        AwsOperation stage = new AwsOperation(
                "The package could not be staged",
                "s3:PutObject",
                "arn:aws:s3:::staging/lambda/orders/*",
                "bucket staging",
                "eu-west-1");
        String text = AwsErrors.exception(
                        stage,
                        AwsFailure.of(
                                403,
                                "AccessDenied",
                                "User: arn:aws:iam::123456789012:user/ci is"
                                        + " not authorized to perform: s3:PutObject on resource: \"arn:aws:s3:::staging/lambda/orders/00ff.zip\""
                                        + " because no identity-based policy allows the s3:PutObject action"))
                .getMessage();

        assertTrue(
                text.endsWith("{\"Effect\": \"Allow\", \"Action\": \"s3:PutObject\", \"Resource\":"
                        + " \"arn:aws:s3:::staging/lambda/orders/*\"}"),
                text);
    }

    @Test
    void whatLambdaMayNotFetchIsNamedWithTheBucketAndTheActionOfAVersion() {
        AwsOperation update = UPDATE.fetching(
                new AwsOperation.Permission("s3:GetObjectVersion", "arn:aws:s3:::staging/lambda/orders/*"));
        String text = AwsErrors.exception(
                        update,
                        AwsFailure.of(
                                400,
                                "InvalidParameterValueException",
                                "Your access has been denied"
                                        + " by S3, please make sure your request credentials have permission to GetObject for"
                                        + " staging/lambda/orders/00ff.zip. S3 Error Code: AccessDenied. S3 Error Message: Access Denied"))
                .getMessage();

        assertTrue(
                text.endsWith("{\"Effect\": \"Allow\", \"Action\": \"s3:GetObjectVersion\", \"Resource\":"
                        + " \"arn:aws:s3:::staging/lambda/orders/*\"}"),
                text);
    }

    @Test
    void thePermissionThatAwsNamesIsTheOneToAdd() {
        String text = lambda(
                403,
                "AccessDeniedException",
                "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: iam:PassRole on resource:"
                        + " arn:aws:iam::123456789012:role/orders because no identity-based policy allows it");

        assertTrue(
                text.contains("\"Action\": \"iam:PassRole\", \"Resource\": \"arn:aws:iam::123456789012:role/orders\""),
                text);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "404|ResourceNotFoundException|Function not found: arn:aws:lambda:eu-west-1:1:function:orders|turn on create",
                "413|RequestEntityTooLargeException|Request must be smaller than 69905067 bytes|Set an S3 bucket for staging",
                "400|InvalidParameterValueException|Unzipped size must be smaller than 262144000 bytes|262,144,000 bytes unzipped",
                "400|CodeStorageExceededException|Code storage limit exceeded.|Delete versions",
                "412|PreconditionFailedException|The RevisionId provided does not match|Read the RevisionId again",
                "403|ExpiredTokenException|The security token included in the request is expired|have expired. Renew them",
                "403|UnrecognizedClientException|The security token included in the request is invalid.|does not know the access key",
                "502|KMSAccessDeniedException|Lambda was unable to decrypt the code|kms:Decrypt to the service lambda.amazonaws.com too",
                "400|InvalidParameterValueException|The role defined for the function cannot be assumed by Lambda.|lambda.amazonaws.com",
                "400|InvalidParameterValueException|Error occurred while GetObject. S3 Error Code: PermanentRedirect. S3 Error Message: x|same region",
                "400|InvalidParameterValueException|Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: x|staged again",
                "400|InvalidParameterValueException|Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: x|staged again",
                "400|InvalidParameterValueException|Function code combined with layers exceeds the maximum allowed size of 262144000 bytes. The actual size is 262144001 bytes.|Remove a layer",
                "400|InvalidParameterValueException|The KMS key is invalid for CreateGrant.|kms:CreateGrant",
                "400|CodeVerificationFailedException|The code signature failed|Sign the package",
                "429|TooManyRequestsException|Rate exceeded|throttles",
                "500|ServiceException|An error occurred|internal error",
                "409|ResourceConflictException|The operation cannot be performed at this time.|when it has ended"
            })
    void eachOfLambdasRefusalsSaysWhatToDo(int status, String type, String words, String advice) {
        String text = lambda(status, type, words);

        assertTrue(text.startsWith("Lambda did not update the code of function orders in eu-west-1"), text);
        assertTrue(text.lines().toList().get(1).contains(words), text);
        assertTrue(text.lines().reduce((first, last) -> last).orElseThrow().contains(advice), text);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "404|NoSuchBucket|The specified bucket does not exist|aws s3 mb s3://staging",
                "301|PermanentRedirect|The bucket you are attempting to access must be addressed using the specified endpoint.|same region",
                "400|AuthorizationHeaderMalformed|The authorization header is malformed; the region 'us-east-1' is wrong|same region",
                "400|ExpiredToken|The provided token has expired.|Renew them",
                "403|InvalidAccessKeyId|The AWS Access Key Id you provided does not exist in our records.|does not know the access key",
                "403|RequestTimeTooSkewed|The difference between the request time and the current time is too large.|clock",
                "400|BadDigest|The SHA256 you specified did not match the calculated checksum.|not those that were packaged",
                "400|KMS.DisabledException|arn:aws:kms:eu-west-1:1:key/k is disabled.|Check the KMS key",
                "503|SlowDown|Please reduce your request rate.|throttles"
            })
    void eachOfS3sRefusalsSaysWhatToDo(int status, String code, String words, String advice) {
        String text = s3(status, code, words.replace("'", "&apos;"));

        assertTrue(text.startsWith("The package could not be staged at s3://staging/orders/1.zip in eu-west-1"), text);
        assertTrue(text.contains(words), text);
        assertTrue(text.lines().reduce((first, last) -> last).orElseThrow().contains(advice), text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\\n\\nThe Canonical String for this request should have been\\n",
                " The Canonical String for this request should have been ",
                "\\n\\nThe request was\\n"
            })
    void aRefusedSignatureIsToldWithoutTheRequestThatItQuotes(String quoting) {
        String text = lambda(
                403,
                "InvalidSignatureException",
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret"
                        + " Access Key and signing method. Consult the service documentation for details."
                        + quoting + "'PUT\\n/2015-03-31/functions\\n"
                        + "x-amz-security-token:IQoJb3JpZ2luX2VjSECRET\\n'");

        assertTrue(text.contains("does not match the signature you provided"), text);
        assertTrue(text.contains("clock"), text);
        assertFalse(text.contains("SECRET"), text);
        assertFalse(text.contains("Canonical"), text);
    }

    @Test
    void aSignatureThatS3RefusesDoesNotShowTheUrl() {
        String text =
                s3(403, "AccessDenied", "bad https://b.s3.amazonaws.com/k?X-Amz-Signature=SECRET&amp;X-Amz-Date=1 end");

        assertFalse(text.contains("SECRET"), text);
    }

    @Test
    void noResponseNamesTheReasonAndThePlace() {
        String text = AwsErrors.exception(UPDATE, AwsFailure.of(SendReply.noResponse("UnresolvedAddressException")))
                .getMessage();

        assertEquals("""
                Lambda did not update the code of function orders in eu-west-1: no response.
                The reason: UnresolvedAddressException
                Check the network on the way to eu-west-1: its name must resolve, a firewall must let it through, \
                and a proxy that is needed must be configured.""", text);
    }

    private static String lastLine(String text) {
        return text.lines().reduce((first, last) -> last).orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(ints = {301, 302, 307, 308})
    void aRedirectByWhatIsNoLambdaSaysNothingOfBuckets(int status) {
        String text = AwsErrors.exception(
                        UPDATE, AwsFailure.of(SendReply.response(status, Map.of(), "<html>Moved</html>")))
                .getMessage();

        assertFalse(text.contains("bucket"), text);
        assertTrue(lastLine(text).contains("https:// instead of http://"), text);
    }

    /** In the words of the JDK. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "SSLHandshakeException: PKIX path building failed: sun.security.provider.certpath.SunCertPathBuilderException:"
                        + " unable to find valid certification path to requested target",
                "SSLException: Unsupported or unrecognized SSL message"
            })
    void aTlsConnectionThatIsNotMadeSaysWhereTheCaBelongs(String reason) {
        String text = AwsErrors.exception(UPDATE, AwsFailure.of(SendReply.noResponse(reason)))
                .getMessage();

        assertTrue(text.contains("The reason: " + reason), text);
        assertTrue(lastLine(text).contains("trust store of the Java that"), text);
    }

    @Test
    void aRefusalWithoutAnErrorCodeMayBeAProxys() {
        String text = AwsErrors.exception(
                        UPDATE,
                        AwsFailure.of(SendReply.response(403, Map.of(), "<html><h1>Blocked by policy</h1></html>")))
                .getMessage();

        assertTrue(text.contains("it may come from a proxy or a firewall"), text);
        assertFalse(lambda(403, "AccessDeniedException", "no").contains("proxy"));
    }

    /** As users of slow lines report it of aws lambda update-function-code. */
    @Test
    void anUploadThatTakesLongerThanItsSignatureIsValidIsPointedToABucket() {
        String text = lambda(
                403,
                "InvalidSignatureException",
                "Signature expired: 20240501T120000Z is now earlier than 20240501T120130Z (20240501T120630Z - 5 min.)");

        assertTrue(lastLine(text).contains("on a slow line set an S3 bucket"), text);
    }

    @Test
    void aResponseThatIsNotAwssKeepsOneLineOfItsStatus() {
        String text = AwsErrors.exception(
                        UPDATE,
                        AwsFailure.of(SendReply.response(502, Map.of(), "<html><h1>Bad Gateway</h1>\u001b[31m</html>")))
                .getMessage();

        assertTrue(text.contains("HTTP status 502"), text);
        assertFalse(text.contains("\u001b"), text);
    }

    @Test
    void controlCharactersInAwssWordsAreNotPassedOn() {
        String text = lambda(400, "InvalidParameterValueException", "a\u001b[31m b\\nc");

        assertEquals(3, text.lines().count(), text);
        assertFalse(text.contains("\u001b"), text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://b.s3.amazonaws.com/k?X-Amz-Date=1&X-Amz-Security-Token=tokenMARKED&X-Amz-Signature=sigMARKED was cut",
                "headers: x-amz-security-token:tokenMARKED and X-Amz-Signature = sigMARKED",
                "{\\\"X-Amz-Security-Token\\\": \\\"tokenMARKED\\\"}"
            })
    void whatAServerOrAProxyQuotesOfTheRequestIsSaidWithoutItsSecrets(String quoted) {
        String ofLambda = lambda(503, "ServiceException", "It was " + quoted + " in full");
        String ofS3 = s3(503, "ServiceUnavailable", "It was " + quoted.replace("&", "&amp;") + " in full");

        for (String message : List.of(ofLambda, ofS3)) {
            assertTrue(message.contains("It was") && message.contains("in full"), message);
            assertFalse(message.contains("MARKED"), message);
        }
    }

    @Test
    void aResponseOfSixtyThousandCharactersIsReadAndCut() {
        String message = lambda(403, "AccessDeniedException", "denied " + "x\\\"".repeat(20_000));

        assertTrue(message.contains("denied x") && message.length() < 2500, message.length() + " characters");
    }

    @Test
    void theCauseOfARefusedSignatureWhichQuotesTheRequestIsNotKept() {
        SdkException cause = SdkException.builder()
                .message("The Canonical String: tokenMARKED")
                .build();
        AwsFailure signature = new AwsFailure(
                403, "SignatureDoesNotMatch", "no", Duration.ZERO, Optional.empty(), Optional.empty(), "");
        AwsFailure denied =
                new AwsFailure(403, "AccessDenied", "no", Duration.ZERO, Optional.empty(), Optional.empty(), "");

        assertEquals(cause, AwsErrors.exception(UPDATE, denied, cause).getCause());
        assertNull(AwsErrors.exception(UPDATE, signature, cause).getCause());
    }

    @Test
    void aNameWithControlCharactersIsSaidWithoutThem() {
        AwsOperation move = new AwsOperation(
                "Lambda did not move alias live\nFinished: SUCCESS\u001b[31m", "lambda:UpdateAlias", "*", "x", "y");
        AwsFailure refusal =
                new AwsFailure(400, "ValidationException", "no", Duration.ZERO, Optional.empty(), Optional.empty(), "");

        String first = AwsErrors.exception(move, refusal)
                .getMessage()
                .lines()
                .findFirst()
                .orElseThrow();

        assertEquals("Lambda did not move alias live Finished: SUCCESS[31m in y.", first);
    }
}
