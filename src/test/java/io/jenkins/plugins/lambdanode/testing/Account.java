package io.jenkins.plugins.lambdanode.testing;

import java.time.Instant;
import java.util.UUID;

/** The tests' account in an emulated AWS, looked at with boto3 and so without any code under test. */
public final class Account {

    public static final String REGION = "eu-west-1";
    public static final String ACCESS_KEY = "test";
    public static final String SECRET_KEY = "test";

    private static final String CLIENT = """
            import boto3, hashlib, base64, io, json, sys, urllib.request, zipfile
            def client(service):
                return boto3.client(service, endpoint_url=sys.argv[1], region_name='%s',
                                    aws_access_key_id='%s', aws_secret_access_key='%s')
            """.formatted(REGION, ACCESS_KEY, SECRET_KEY);

    private final Emulator emulator;
    private String role;

    public Account(Emulator emulator) {
        this.emulator = emulator;
    }

    private String python(String script, String... arguments) {
        String[] all = new String[arguments.length + 1];
        all[0] = emulator.endpoint().toString();
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        return Program.python(CLIENT + script, all);
    }

    /** A name that no function has. */
    public static String newName() {
        return "f-" + UUID.randomUUID().toString().substring(0, 8);
    }

    /** The ARN of a role that Lambda may assume. */
    public synchronized String role() {
        if (role == null) {
            role = python("""
                    print(client('iam').create_role(RoleName=sys.argv[2], AssumeRolePolicyDocument=json.dumps(
                        {'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Action': 'sts:AssumeRole',
                         'Principal': {'Service': 'lambda.amazonaws.com'}}]}))['Role']['Arn'])
                    """, "role-" + UUID.randomUUID());
        }
        return role;
    }

    /** A new bucket in this region. */
    public String newBucket() {
        return python("""
                client('s3').create_bucket(Bucket=sys.argv[2],
                                           CreateBucketConfiguration={'LocationConstraint': sys.argv[3]})
                print(sys.argv[2])
                """, "b-" + UUID.randomUUID(), REGION);
    }

    /** A new function, made from a package of Python's zipfile whose handler answers with this text. */
    public String newFunction(String answer) {
        return python("""
                package = io.BytesIO()
                with zipfile.ZipFile(package, 'w') as z:
                    z.writestr('index.js', "exports.handler = async () => '%s'" % sys.argv[4])
                l = client('lambda')
                l.create_function(FunctionName=sys.argv[2], Role=sys.argv[3], Runtime='nodejs22.x',
                                  Handler='index.handler', Code={'ZipFile': package.getvalue()})
                l.get_waiter('function_active_v2').wait(FunctionName=sys.argv[2], WaiterConfig={'Delay': 1})
                print(sys.argv[2])
                """, newName(), role(), answer);
    }

    /** A new function with version 1, to which its alias {@code live} points, and version 2. */
    public String newFunctionWithTwoVersions() {
        String name = newFunction("one");
        python("""
                l = client('lambda')
                l.publish_version(FunctionName=sys.argv[2])
                l.create_alias(FunctionName=sys.argv[2], Name='live', FunctionVersion='1')
                package = io.BytesIO()
                with zipfile.ZipFile(package, 'w') as z:
                    z.writestr('index.js', "exports.handler = async () => 'two'")
                l.update_function_code(FunctionName=sys.argv[2], ZipFile=package.getvalue())
                l.get_waiter('function_updated_v2').wait(FunctionName=sys.argv[2], WaiterConfig={'Delay': 1})
                l.publish_version(FunctionName=sys.argv[2])
                """, name);
        return name;
    }

    /** A new function that is made from a container image. */
    public String newImageFunction() {
        return python("""
                client('lambda').create_function(FunctionName=sys.argv[2], Role=sys.argv[3], PackageType='Image',
                    Code={'ImageUri': '000000000000.dkr.ecr.eu-west-1.amazonaws.com/orders:1'})
                print(sys.argv[2])
                """, newName(), role());
    }

    public boolean hasFunction(String name) {
        return python("""
                        print(sys.argv[2] in [f['FunctionName'] for page in
                            client('lambda').get_paginator('list_functions').paginate() for f in page['Functions']])
                        """, name).equals("True");
    }

    /** A field of GetFunctionConfiguration's answer; of a version or an alias where a qualifier is given ({@code name:live}). */
    public String configuration(String name, String field) {
        return python(
                "print(client('lambda').get_function_configuration(FunctionName=sys.argv[2])[sys.argv[3]])",
                name,
                field);
    }

    /** The version that an alias points to. */
    public String aliasVersion(String name, String alias) {
        return python(
                "print(client('lambda').get_alias(FunctionName=sys.argv[2], Name=sys.argv[3])['FunctionVersion'])",
                name,
                alias);
    }

    /** Where an alias sends its callers: its version, and for instance {@code 2=0.1} after it. */
    public String aliasTraffic(String name, String alias) {
        return python("""
                a = client('lambda').get_alias(FunctionName=sys.argv[2], Name=sys.argv[3])
                weights = a.get('RoutingConfig', {}).get('AdditionalVersionWeights', {})
                print(a['FunctionVersion'], *['%s=%g' % each for each in weights.items()])
                """, name, alias);
    }

    /** Sends a share of an alias's traffic, from 0 to 1, to another version. */
    public void splitAlias(String name, String alias, String other, double share) {
        python("""
                client('lambda').update_alias(FunctionName=sys.argv[2], Name=sys.argv[3],
                    RoutingConfig={'AdditionalVersionWeights': {sys.argv[4]: float(sys.argv[5])}})
                """, name, alias, other, Double.toString(share));
    }

    /** Makes a CloudWatch alarm, or sets its state: OK or ALARM. */
    public void alarm(String name, String state, String reason) {
        python("""
                c = client('cloudwatch')
                if not c.describe_alarms(AlarmNames=[sys.argv[2]])['MetricAlarms']:
                    c.put_metric_alarm(AlarmName=sys.argv[2], Namespace='Orders', MetricName='Errors', Statistic='Sum',
                        Period=60, EvaluationPeriods=1, Threshold=1, ComparisonOperator='GreaterThanThreshold')
                c.set_alarm_state(AlarmName=sys.argv[2], StateValue=sys.argv[3], StateReason=sys.argv[4])
                """, name, state, reason);
    }

    /** Makes an alarm that is in ALARM where another one is. */
    public void compositeAlarm(String name, String other) {
        python("""
                client('cloudwatch').put_composite_alarm(AlarmName=sys.argv[2], AlarmRule='ALARM("%s")' % sys.argv[3])
                """, name, other);
    }

    public void deleteAlarm(String name) {
        python("client('cloudwatch').delete_alarms(AlarmNames=[sys.argv[2]])", name);
    }

    /** Sends the function's logs to a log group. */
    public void logTo(String name, String group) {
        python("""
                client('lambda').update_function_configuration(FunctionName=sys.argv[2],
                    LoggingConfig={'LogFormat': 'Text', 'LogGroup': sys.argv[3]})
                """, name, group);
    }

    /**
     * Writes lines to a log stream of that day, a second apart, as Lambda does.
     *
     * @param stream what its name has after the day, for instance {@code [2]}
     */
    public void write(String group, String stream, Instant time, String... lines) {
        String[] all = new String[lines.length + 3];
        all[0] = group;
        all[1] = stream;
        all[2] = Long.toString(time.toEpochMilli());
        System.arraycopy(lines, 0, all, 3, lines.length);
        python("""
                import time
                logs, group, start = client('logs'), sys.argv[2], int(sys.argv[4])
                stream = time.strftime('%Y/%m/%d/', time.gmtime(start / 1000)) + sys.argv[3] + 'c0ffee'
                for make in (lambda: logs.create_log_group(logGroupName=group),
                             lambda: logs.create_log_stream(logGroupName=group, logStreamName=stream)):
                    try:
                        make()
                    except logs.exceptions.ResourceAlreadyExistsException:
                        pass
                logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[
                    {'timestamp': start + 1000 * i, 'message': line + '\\n'} for i, line in enumerate(sys.argv[5:])])
                """, all);
    }

    /** Counts invocations and errors of a version that an alias led to, now, as Lambda does. */
    public void count(String name, String alias, String version, int invocations, int errors) {
        python("""
                dimensions = [{'Name': 'FunctionName', 'Value': sys.argv[2]},
                              {'Name': 'Resource', 'Value': sys.argv[2] + ':' + sys.argv[3]},
                              {'Name': 'ExecutedVersion', 'Value': sys.argv[4]}]
                client('cloudwatch').put_metric_data(Namespace='AWS/Lambda', MetricData=[
                    {'MetricName': 'Invocations', 'Dimensions': dimensions, 'Value': int(sys.argv[5]), 'Unit': 'Count'},
                    {'MetricName': 'Errors', 'Dimensions': dimensions, 'Value': int(sys.argv[6]), 'Unit': 'Count'}])
                """, name, alias, version, Integer.toString(invocations), Integer.toString(errors));
    }

    public void newAlias(String name, String alias, String version) {
        python(
                "client('lambda').create_alias(FunctionName=sys.argv[2], Name=sys.argv[3], FunctionVersion=sys.argv[4])",
                name,
                alias,
                version);
    }

    /** All of its traffic. */
    public void moveAlias(String name, String alias, String version) {
        python(
                "client('lambda').update_alias(FunctionName=sys.argv[2], Name=sys.argv[3], FunctionVersion=sys.argv[4],"
                        + " RoutingConfig={'AdditionalVersionWeights': {}})",
                name,
                alias,
                version);
    }

    /** Publishes the function's code and returns the version's number. */
    public String publish(String name) {
        return python("print(client('lambda').publish_version(FunctionName=sys.argv[2])['Version'])", name);
    }

    /** The numbers of the function's published versions, oldest first, with a blank between. */
    public String versions(String name) {
        return python("""
                print(*[v['Version'] for v in client('lambda').list_versions_by_function(FunctionName=sys.argv[2])['Versions']
                        if v['Version'] != '$LATEST'])
                """, name);
    }

    /** What the function answers, as JSON. */
    public String invoke(String name) {
        return python("""
                l = client('lambda')
                print(l.invoke(FunctionName=sys.argv[2], Payload=b'{"name": "test"}')['Payload'].read().decode())
                """, name);
    }

    /** The keys in a bucket, with a blank between. */
    public String keys(String bucket) {
        return python(
                "print(*[o['Key'] for o in client('s3').list_objects_v2(Bucket=sys.argv[2]).get('Contents', [])])",
                bucket);
    }

    /** The numbers of a layer's versions, newest first, with a blank between. */
    public String layerVersions(String layer) {
        return python(
                "print(*[v['Version'] for v in client('lambda').list_layer_versions(LayerName=sys.argv[2])['LayerVersions']])",
                layer);
    }

    /** How many uploads in parts are open in a bucket. */
    public String unfinishedUploads(String bucket) {
        return python("print(len(client('s3').list_multipart_uploads(Bucket=sys.argv[2]).get('Uploads', [])))", bucket);
    }

    public void removeBucket(String bucket) {
        python("""
                s = client('s3')
                for o in s.list_objects_v2(Bucket=sys.argv[2]).get('Contents', []):
                    s.delete_object(Bucket=sys.argv[2], Key=o['Key'])
                s.delete_bucket(Bucket=sys.argv[2])
                """, bucket);
    }

    /** SHA-256 in base64 of a file's bytes. */
    public static String base64Sha256(String file) {
        return Program.python(
                CLIENT + "print(base64.b64encode(hashlib.sha256(open(sys.argv[1], 'rb').read()).digest()).decode())",
                file);
    }
}
