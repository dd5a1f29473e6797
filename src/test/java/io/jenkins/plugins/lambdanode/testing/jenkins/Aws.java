package io.jenkins.plugins.lambdanode.testing.jenkins;

import com.cloudbees.jenkins.plugins.awscredentials.AWSCredentialsImpl;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import io.jenkins.plugins.lambdanode.LambdaNodeConfiguration;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.GetAliasResponse;
import software.amazon.awssdk.services.lambda.model.GetFunctionConfigurationResponse;
import software.amazon.awssdk.services.lambda.model.ResourceNotFoundException;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Object;

/** The emulated AWS as a test sees it, beside the plugin. */
public final class Aws {

    public static final String REGION = "us-east-1";
    public static final String ACCESS_KEY = "test";
    public static final String SECRET_KEY = "test";
    public static final String CREDENTIALS_ID = "aws-deploy";
    public static final String ROLE = "arn:aws:iam::000000000000:role/lambda-test";

    private static final String CREATE_ROLE = """
            import sys, boto3
            iam = boto3.client('iam', endpoint_url=sys.argv[1], region_name='us-east-1',
                               aws_access_key_id='test', aws_secret_access_key='test')
            try:
                iam.create_role(RoleName=sys.argv[2], AssumeRolePolicyDocument='{"Version":"2012-10-17",'
                    '"Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},'
                    '"Action":"sts:AssumeRole"}]}')
            except iam.exceptions.EntityAlreadyExistsException:
                pass
            """;
    private static final String CREATE_USER = """
            import sys, boto3
            iam = boto3.client('iam', endpoint_url=sys.argv[1], region_name='us-east-1',
                               aws_access_key_id='test', aws_secret_access_key='test')
            iam.create_user(UserName=sys.argv[2])
            iam.put_user_policy(UserName=sys.argv[2], PolicyName='p', PolicyDocument='{"Version":"2012-10-17",'
                '"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}')
            key = iam.create_access_key(UserName=sys.argv[2])['AccessKey']
            print(key['AccessKeyId'], key['SecretAccessKey'])
            """;
    private static final String CREATE_ROLE_FOR = """
            import sys, boto3
            iam = boto3.client('iam', endpoint_url=sys.argv[1], region_name='us-east-1',
                               aws_access_key_id='test', aws_secret_access_key='test')
            arn = iam.create_role(RoleName=sys.argv[2], AssumeRolePolicyDocument='{"Version":"2012-10-17",'
                '"Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole",'
                '"Condition":{"StringEquals":{"sts:ExternalId":"' + sys.argv[3] + '"}}}]}')['Role']['Arn']
            iam.put_role_policy(RoleName=sys.argv[2], PolicyName='p', PolicyDocument='{"Version":"2012-10-17",'
                '"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}')
            print(arn)
            """;
    private static final String ASSUME_ROLE = """
            import sys, boto3
            sts = boto3.client('sts', endpoint_url=sys.argv[1], region_name='us-east-1',
                               aws_access_key_id='test', aws_secret_access_key='test')
            keys = sts.assume_role(RoleArn=sys.argv[2], RoleSessionName='agent', ExternalId='session')['Credentials']
            print(keys['AccessKeyId'], keys['SecretAccessKey'], keys['SessionToken'])
            """;
    public static final String BUCKET = "jenkins-staging";

    private static final StaticCredentialsProvider CREDENTIALS =
            StaticCredentialsProvider.create(AwsBasicCredentials.create(ACCESS_KEY, SECRET_KEY));

    private Aws() {}

    public static URI endpoint() {
        return Emulator.MINISTACK.endpoint();
    }

    /** Points the Jenkins of this JVM at the emulator and gives it credentials. */
    public static void configureJenkins() throws IOException, InterruptedException {
        createRole();
        configureJenkins(endpoint().toString());
    }

    /** The same for a Jenkins in a JVM of its own. The role for the functions has been made before. */
    public static void configureJenkins(String endpoint) throws IOException {
        LambdaNodeConfiguration.get().setEndpointUrl(endpoint);
        LambdaNodeConfiguration.get().setRegion(REGION);
        addCredentials(CREDENTIALS_ID, ACCESS_KEY, SECRET_KEY);
    }

    public static void addCredentials(String id, String accessKey, String secretKey) throws IOException {
        addCredentials(CredentialsScope.GLOBAL, id, accessKey, secretKey);
    }

    public static void addCredentials(CredentialsScope scope, String id, String accessKey, String secretKey)
            throws IOException {
        SystemCredentialsProvider.getInstance()
                .getCredentials()
                .add(new AWSCredentialsImpl(scope, id, accessKey, secretKey, "for tests"));
        SystemCredentialsProvider.getInstance().save();
    }

    public static void createRole() throws IOException, InterruptedException {
        createRole("lambda-test");
    }

    public static void createRole(String name) throws IOException, InterruptedException {
        python(CREATE_ROLE, name);
    }

    /** The access key and secret key of a new IAM user who may do everything. */
    public static String[] newUser() throws IOException, InterruptedException {
        return python(CREATE_USER, "user-" + UUID.randomUUID()).split(" ");
    }

    /** The ARN of a new role that may do everything, for those who give this external ID. */
    public static String newRole(String externalId) throws IOException, InterruptedException {
        return python(CREATE_ROLE_FOR, "role-" + UUID.randomUUID(), externalId);
    }

    /** The access key, secret key and session token of a role. */
    public static String[] newSession() throws IOException, InterruptedException {
        return python(ASSUME_ROLE, newRole("session")).split(" ");
    }

    /** What a Python program with boto3 prints; its arguments are the emulator's endpoint and these. */
    private static String python(String program, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                System.getProperty("lambdanode.python"),
                "-c",
                program,
                endpoint().toString()));
        command.addAll(List.of(arguments));
        Process python = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String output = new String(python.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (python.waitFor() != 0) {
            throw new IOException("Python ended with " + python.exitValue());
        }
        return output.strip();
    }

    public static void createBucket() {
        try (S3Client s3 = s3()) {
            s3.createBucket(request -> request.bucket(BUCKET));
        }
    }

    /** How many uploads in parts are neither completed nor aborted. */
    public static int unfinishedUploads() {
        try (S3Client s3 = s3()) {
            return s3.listMultipartUploads(request -> request.bucket(BUCKET))
                    .uploads()
                    .size();
        }
    }

    public static List<String> keys() {
        try (S3Client s3 = s3()) {
            return s3.listObjectsV2(request -> request.bucket(BUCKET)).contents().stream()
                    .map(S3Object::key)
                    .toList();
        }
    }

    private static S3Client s3() {
        return S3Client.builder()
                .region(Region.of(REGION))
                .endpointOverride(endpoint())
                .credentialsProvider(CREDENTIALS)
                .forcePathStyle(true)
                .build();
    }

    public static Optional<GetFunctionConfigurationResponse> function(String name) {
        try (LambdaClient lambda = lambda()) {
            return Optional.of(lambda.getFunctionConfiguration(request -> request.functionName(name)));
        } catch (ResourceNotFoundException e) {
            return Optional.empty();
        }
    }

    /** The function's versions, the unpublished one first. */
    public static List<String> versions(String name) {
        try (LambdaClient lambda = lambda()) {
            return lambda.listVersionsByFunction(request -> request.functionName(name)).versions().stream()
                    .map(version -> version.version())
                    .toList();
        }
    }

    /** Where a function's alias {@code live} sends its callers: its version, and for instance {@code 2=0.5} after it. */
    public static String traffic(String name) {
        try (LambdaClient lambda = lambda()) {
            GetAliasResponse alias =
                    lambda.getAlias(request -> request.functionName(name).name("live"));
            StringBuilder traffic = new StringBuilder(alias.functionVersion());
            if (alias.routingConfig() != null) {
                alias.routingConfig()
                        .additionalVersionWeights()
                        .forEach((version, weight) ->
                                traffic.append(' ').append(version).append('=').append(weight));
            }
            return traffic.toString();
        } catch (ResourceNotFoundException e) {
            return "";
        }
    }

    public static String invoke(String name) {
        try (LambdaClient lambda = lambda()) {
            return lambda.invoke(request -> request.functionName(name).payload(SdkBytes.fromUtf8String("{}")))
                    .payload()
                    .asUtf8String();
        }
    }

    public static LambdaClient lambda() {
        return LambdaClient.builder()
                .region(Region.of(REGION))
                .endpointOverride(endpoint())
                .credentialsProvider(CREDENTIALS)
                .build();
    }
}
