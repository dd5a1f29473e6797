package io.jenkins.plugins.lambdanode.engine.aws;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSettings;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.aws.s3.StagingSettings;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import io.jenkins.plugins.lambdanode.testing.Program;
import java.net.URI;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/** What tests need of an AWS account besides the code under test: names, buckets, roles, sessions. */
public final class Cloud {

    public static final String REGION = "eu-west-1";

    private static final Map<Emulator, String> ROLES = new ConcurrentHashMap<>();

    private Cloud() {}

    public static FunctionName newFunction() throws Exception {
        return FunctionName.parse("f-" + UUID.randomUUID().toString().substring(0, 8));
    }

    public static AwsSession session(URI endpoint) throws Exception {
        return session(endpoint, AwsBasicCredentials.create("test", "test"));
    }

    public static AwsSession session(URI endpoint, AwsCredentials credentials) throws Exception {
        return AwsSession.open(new AwsSettings(
                REGION,
                Optional.of(endpoint),
                StaticCredentialsProvider.create(credentials),
                Optional.empty(),
                Optional.empty()));
    }

    public static String newBucket(Emulator emulator) {
        return newBucket(emulator, REGION);
    }

    public static String newBucket(Emulator emulator, String region) {
        String bucket = "b-" + UUID.randomUUID();
        try (S3Client s3 = S3Client.builder()
                .region(Region.of(region))
                .endpointOverride(emulator.endpoint())
                .forcePathStyle(true)
                .httpClient(ApacheHttpClient.create())
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test")))
                .build()) {
            s3.createBucket(r -> r.bucket(bucket).createBucketConfiguration(c -> c.locationConstraint(region)));
        }
        return bucket;
    }

    /** Staging in this bucket, with nothing else set. */
    public static StagingSettings staging(String bucket, String prefix) {
        return new StagingSettings(
                Optional.of(bucket), prefix, OptionalLong.empty(), Optional.empty(), Optional.empty());
    }

    /** A role that Lambda, and the tests, may assume. */
    public static String role(Emulator emulator) {
        return ROLES.computeIfAbsent(emulator, Cloud::newRole);
    }

    private static String newRole(Emulator emulator) {
        String name = "role-" + UUID.randomUUID();
        String answer = Program.python("""
                import sys, boto3
                iam = boto3.client('iam', endpoint_url=sys.argv[1], region_name='eu-west-1',
                                   aws_access_key_id='test', aws_secret_access_key='test')
                print(iam.create_role(RoleName=sys.argv[2], AssumeRolePolicyDocument='{"Version":"2012-10-17",'
                  '"Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com","AWS":"*"},'
                  '"Action":"sts:AssumeRole"}]}')['Role']['Arn'])
                """, emulator.endpoint().toString(), name);
        return answer.strip();
    }

    /** The keys of a new IAM user with this policy; without any permission where it is empty. */
    public static AwsCredentials user(Emulator emulator, String policy) {
        String[] keys = Program.python("""
                        import sys, boto3
                        iam = boto3.client('iam', endpoint_url=sys.argv[1], region_name='eu-west-1',
                                           aws_access_key_id='test', aws_secret_access_key='test')
                        iam.create_user(UserName=sys.argv[2])
                        if sys.argv[3]:
                            iam.put_user_policy(UserName=sys.argv[2], PolicyName='p', PolicyDocument=sys.argv[3])
                        key = iam.create_access_key(UserName=sys.argv[2])['AccessKey']
                        print(key['AccessKeyId'], key['SecretAccessKey'])
                        """, emulator.endpoint().toString(), "user-" + UUID.randomUUID(), policy)
                .strip()
                .split(" ");
        return AwsBasicCredentials.create(keys[0], keys[1]);
    }
}
