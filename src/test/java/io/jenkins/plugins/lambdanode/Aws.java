package io.jenkins.plugins.lambdanode;

import com.cloudbees.jenkins.plugins.awscredentials.AWSCredentialsImpl;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import io.jenkins.plugins.lambdanode.engine.emulator.Emulator;
import java.io.IOException;
import java.net.URI;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.GetFunctionConfigurationResponse;
import software.amazon.awssdk.services.lambda.model.ResourceNotFoundException;
import software.amazon.awssdk.services.s3.S3Client;

/** The emulated AWS as a test sees it, beside the plugin. */
final class Aws {

    static final String REGION = "us-east-1";
    static final String ACCESS_KEY = "test";
    static final String SECRET_KEY = "test";
    static final String CREDENTIALS_ID = "aws-deploy";
    static final String ROLE = "arn:aws:iam::000000000000:role/lambda-test";

    private static final String CREATE_ROLE =
            """
            import sys, boto3
            iam = boto3.client('iam', endpoint_url=sys.argv[1], region_name='us-east-1',
                               aws_access_key_id='test', aws_secret_access_key='test')
            try:
                iam.create_role(RoleName='lambda-test', AssumeRolePolicyDocument='{"Version":"2012-10-17",'
                    '"Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},'
                    '"Action":"sts:AssumeRole"}]}')
            except iam.exceptions.EntityAlreadyExistsException:
                pass
            """;
    static final String BUCKET = "jenkins-staging";

    private static final StaticCredentialsProvider CREDENTIALS =
            StaticCredentialsProvider.create(AwsBasicCredentials.create(ACCESS_KEY, SECRET_KEY));

    private Aws() {}

    static URI endpoint() {
        return Emulator.MINISTACK.endpoint();
    }

    /** Points Jenkins at the emulator and gives it credentials. */
    static void configureJenkins() throws IOException, InterruptedException {
        createRole();
        LambdaNodeConfiguration.get().setEndpointUrl(endpoint().toString());
        LambdaNodeConfiguration.get().setRegion(REGION);
        SystemCredentialsProvider.getInstance()
                .getCredentials()
                .add(new AWSCredentialsImpl(
                        CredentialsScope.GLOBAL, CREDENTIALS_ID, ACCESS_KEY, SECRET_KEY, "for tests"));
        SystemCredentialsProvider.getInstance().save();
    }

    private static void createRole() throws IOException, InterruptedException {
        Process python = new ProcessBuilder(
                        System.getProperty("lambdanode.python"), "-c", CREATE_ROLE, endpoint().toString())
                .inheritIO()
                .start();
        if (python.waitFor() != 0) {
            throw new IOException("The role for the functions could not be created");
        }
    }

    static void createBucket() {
        try (S3Client s3 = S3Client.builder()
                .region(Region.of(REGION))
                .endpointOverride(endpoint())
                .credentialsProvider(CREDENTIALS)
                .forcePathStyle(true)
                .build()) {
            s3.createBucket(request -> request.bucket(BUCKET));
        }
    }

    static Optional<GetFunctionConfigurationResponse> function(String name) {
        try (LambdaClient lambda = lambda()) {
            return Optional.of(lambda.getFunctionConfiguration(request -> request.functionName(name)));
        } catch (ResourceNotFoundException e) {
            return Optional.empty();
        }
    }

    static String invoke(String name) {
        try (LambdaClient lambda = lambda()) {
            return lambda.invoke(request -> request.functionName(name).payload(SdkBytes.fromUtf8String("{}")))
                    .payload()
                    .asUtf8String();
        }
    }

    static LambdaClient lambda() {
        return LambdaClient.builder()
                .region(Region.of(REGION))
                .endpointOverride(endpoint())
                .credentialsProvider(CREDENTIALS)
                .build();
    }
}
