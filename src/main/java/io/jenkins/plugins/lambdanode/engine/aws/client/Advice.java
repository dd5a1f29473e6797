package io.jenkins.plugins.lambdanode.engine.aws.client;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsOperation.Permission;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.BiPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What to do about a failure: the first rule of the list that applies to it. */
final class Advice {

    private static final Pattern ON_RESOURCE = Pattern.compile("on resource: \"?(arn:[^\\s\"]+)");
    private static final Pattern DENIED_ACTION = Pattern.compile("to perform: \"?([a-z0-9-]+:[A-Za-z]+)");

    /**
     * What denied, besides a missing Allow of the identity (IAM User Guide, "Troubleshoot access denied error messages"). S3's
     * and older messages do not say which policy it was.
     */
    private static final Pattern DENIED_BY =
            Pattern.compile("explicit deny in an? ([a-z -]+?policy|permissions boundary)"
                    + "|no ((?:service control|resource control|session|VPC endpoint) policy|permissions boundary) allows"
                    + "|(explicit deny)");

    /** With a code it is Lambda's refusal to run a function whose network or key is wrong (API reference, Invoke). */
    private static final int BAD_GATEWAY = 502;

    private static final Pattern PROVIDER = Pattern.compile("[\\[ ]\\w+CredentialsProvider\\(");

    /** How providers of the SDK's default chain begin that have nothing to go by (auth 2.42.28). */
    private static final List<String> NOT_CONFIGURED = List.of(
            "Unable to load credentials from system settings. Access key must",
            "Either the environment variable AWS_WEB_IDENTITY_TOKEN_FILE",
            "Profile file contained no credentials for profile 'default'",
            "Cannot fetch credentials from container - neither",
            "IMDS credentials have been disabled",
            "Failed to load credentials from IMDS");

    private record Rule(
            String name,
            BiPredicate<AwsOperation, AwsFailure> applies,
            BiFunction<AwsOperation, AwsFailure, String> advice) {}

    private static final List<Rule> RULES = List.of(
            rule(
                    "no credentials",
                    (o, f) -> hasNoCredentials(f),
                    (o, f) -> "No AWS credentials were found. Provide some: the"
                            + " variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile of the AWS configuration files, an"
                            + " entry of Jenkins's credentials, or a role of the machine." + tried(f)),
            rule(
                    "endpoints",
                    (o, f) -> isAboutEndpoints(f),
                    (o, f) -> "Turn off AWS_USE_FIPS_ENDPOINT or AWS_USE_DUALSTACK_ENDPOINT (of"
                            + " the profile: use_fips_endpoint, use_dualstack_endpoint), or give no endpoint of your own."),
            rule(
                    "not from AWS",
                    (o, f) -> f.isNotFromAws(),
                    (o, f) -> "A proxy, a network that asks for a login, or an endpoint"
                            + " that is not AWS's responded instead of AWS. Check the proxy and the endpoint. It is not known whether"
                            + " the request was carried out: run the deployment again."),
            rule(
                    "TLS",
                    (o, f) -> f.noResponse() && isAboutTls(f),
                    (o, f) -> "The TLS connection to " + o.place() + " failed. If its"
                            + " certificate is not trusted, add the CA that signed it (for instance that of a proxy that opens TLS"
                            + " connections) to the trust store of the Java that sends the request, or on the command line to the file that"
                            + " AWS_CA_BUNDLE names; in Jenkins a package is sent from the agent that it is on. If the server does not speak TLS, use http:// in the endpoint."),
            rule(
                    "no response",
                    (o, f) -> f.noResponse(),
                    (o, f) -> "Check the network on the way to " + o.place()
                            + ": its name must resolve, a firewall must let it through, and a proxy that is needed must be configured."),
            rule(
                    "expired credentials",
                    (o, f) -> f.credentialsExpired(),
                    (o, f) -> "The AWS credentials have expired. Renew them" + " and run the deployment again."),
            rule(
                    "unknown credentials",
                    (o, f) -> isAboutCredentials(f),
                    (o, f) -> "AWS does not know the access key, or its session"
                            + " token is wrong or missing. Check the credentials, and that they belong to this partition and endpoint."),
            rule(
                    "signature",
                    (o, f) -> f.signatureRefused(),
                    (o, f) -> slowUpload(f) + "Check the clock of the machine that signs"
                            + " (AWS allows 5 minutes of difference for Lambda, 15 for S3)"
                            + f.serverTime().map(time -> "; AWS's says " + time).orElse("")
                            + ", that the secret access key belongs to the access key, and that no proxy changes what it forwards."),
            rule(
                    "role trust",
                    (o, f) -> f.message().contains("cannot be assumed by Lambda"),
                    (o, f) -> "The role's trust policy must"
                            + " allow the service lambda.amazonaws.com the action sts:AssumeRole."),
            rule(
                    "KMS grant",
                    (o, f) -> f.message().contains("CreateGrant"),
                    (o, f) -> "Check the execution role and the KMS key:"
                            + " the key's policy must allow kms:CreateGrant to who deploys, and the role must exist."),
            rule(
                    "KMS",
                    (o, f) -> f.code().startsWith("KMS") || f.message().contains("kms:"),
                    (o, f) -> "Check the KMS key: it must"
                            + " exist and be enabled in the function's region. Its policy must allow kms:Decrypt and kms:GenerateDataKey"
                            + " to who deploys, and kms:Decrypt to the function's execution role; for a package that is encrypted with the"
                            + " key (sourceKmsKeyArn), kms:Decrypt to the service lambda.amazonaws.com too."),
            rule(
                    "other region",
                    (o, f) -> f.message().contains("S3 Error Code: PermanentRedirect") || isOtherRegion(o, f),
                    (o, f) ->
                            "The function and the staging bucket must be in the same region. Use a bucket in the function's region."),
            rule(
                    "staged package gone",
                    (o, f) -> f.message().contains("S3 Error Code: NoSuchKey")
                            || f.message().contains("S3 Error Code: NoSuchBucket"),
                    (o, f) ->
                            "The staged package has been removed in the meantime. Run the deployment again: it is staged again."),
            rule(
                    "staged package denied",
                    (o, f) -> f.message().contains("S3 Error Code: AccessDenied"),
                    (o, f) ->
                            allow(o.fetch().orElse(new Permission("s3:GetObject", "arn:aws:s3:::<bucket>/<prefix>*")))),
            rule(
                    "redirect",
                    (o, f) -> f.status() >= 300 && f.status() < 400,
                    (o, f) -> "AWS does not redirect this request. Check the"
                            + " endpoint (https:// instead of http://, no path), and whether a proxy responds instead of AWS."),
            rule("denied", Advice::isDenied, Advice::denied),
            rule(
                    "missing bucket",
                    Advice::isMissingBucket,
                    (o, f) -> "Check the bucket's name, or create it in the function's region:" + " aws s3 mb s3://"
                            + o.subject().replaceFirst("^bucket ", "") + " --region " + o.region()),
            rule(
                    "missing function",
                    (o, f) -> f.is("ResourceNotFoundException") && o.resource().contains(":function:"),
                    (o, f) ->
                            "Check the function's name, the region and the account. To have the deployment create a function that does"
                                    + " not exist, turn on create, with the ARN of its execution role (in a Pipeline create: [role: 'arn:...'])."),
            rule(
                    "missing",
                    (o, f) -> f.is("ResourceNotFoundException"),
                    (o, f) -> "Check its name, the region and the account."),
            rule(
                    "request too large",
                    (o, f) -> f.status() == 413 || f.is("RequestEntityTooLargeException", "RequestTooLargeException"),
                    (o, f) -> "A direct update carries at most"
                            + " 52,428,800 bytes of package. Set an S3 bucket for staging, or make the package smaller."),
            rule(
                    "unzipped too large",
                    (o, f) -> f.message().contains("Unzipped size must be smaller"),
                    (o, f) -> "The limit for a"
                            + " function with its layers is 262,144,000 bytes unzipped. Leave development dependencies out, or exclude what"
                            + " is not needed at run time."),
            rule(
                    "layers too large",
                    (o, f) -> f.message().contains("combined with layers exceeds"),
                    (o, f) -> "The limit for a"
                            + " function together with all of its layers is 262,144,000 bytes unzipped. Remove a layer, or exclude what is"
                            + " not needed at run time; aws lambda get-function-configuration lists the layers."),
            rule(
                    "code storage",
                    (o, f) -> f.is("CodeStorageExceededException"),
                    (o, f) -> "The account's code storage in this region"
                            + " is full: every version of every function and layer takes some (aws lambda get-account-settings shows the"
                            + " total). Delete versions that are not needed, or ask AWS for a higher quota."),
            rule(
                    "stale revision",
                    (o, f) -> f.is("PreconditionFailedException"),
                    (o, f) -> "The function was changed after its"
                            + " RevisionId was read. Read the RevisionId again (aws lambda get-function-configuration), or deploy without"
                            + " one."),
            rule(
                    "conflict",
                    (o, f) -> f.is("ResourceConflictException", "ConflictException"),
                    (o, f) -> "Another operation is in" + " progress. Run the deployment again when it has ended."),
            rule(
                    "code signing",
                    (o, f) -> f.is("CodeVerificationFailedException", "InvalidCodeSignatureException"),
                    (o, f) -> "The"
                            + " function's code signing configuration accepts only packages that are signed by its signing profiles. Sign the"
                            + " package with AWS Signer (aws signer start-signing-job) and deploy the signed file, or change the"
                            + " configuration."),
            rule(
                    "changed on the way",
                    (o, f) -> f.is(
                            "BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch"),
                    (o, f) -> "The bytes that"
                            + " arrived are not those that were packaged: the package file was changed, or a proxy changes what it forwards."
                            + " Run the deployment again; if it fails again, check the proxy."),
            rule(
                    "throttled",
                    (o, f) -> f.throttled(),
                    (o, f) -> "AWS throttles the requests of this account. Run the deployment"
                            + " again later, or fewer at the same time."),
            rule(
                    "AWS's own error",
                    (o, f) -> f.status() >= 500
                            && !(f.status() == BAD_GATEWAY && !f.code().isEmpty()),
                    (o, f) -> "AWS had an internal error, also after retries. Run the"
                            + " deployment again later (https://health.aws.amazon.com)."),
            rule("other", (o, f) -> true, (o, f) -> "Fix what AWS names and run the deployment again."));

    private Advice() {}

    static String of(AwsOperation operation, AwsFailure failure) {
        return RULES.stream()
                .filter(rule -> rule.applies().test(operation, failure))
                .findFirst()
                .orElseThrow()
                .advice()
                .apply(operation, failure);
    }

    private static Rule rule(
            String name,
            BiPredicate<AwsOperation, AwsFailure> applies,
            BiFunction<AwsOperation, AwsFailure, String> advice) {
        return new Rule(name, applies, advice);
    }

    static boolean isDenied(AwsOperation operation, AwsFailure failure) {
        boolean otherReason = failure.credentialsExpired() || failure.signatureRefused() || isAboutCredentials(failure);
        return failure.is("AccessDenied", "AccessDeniedException", "Forbidden", "UnauthorizedOperation")
                || failure.status() == 403 && !otherReason && !failure.code().startsWith("KMS");
    }

    static boolean isAboutCredentials(AwsFailure failure) {
        return failure.is(
                        "InvalidClientTokenId",
                        "UnrecognizedClientException",
                        "InvalidAccessKeyId",
                        "MissingAuthenticationToken",
                        "MissingAuthenticationTokenException",
                        "InvalidToken",
                        "IncompleteSignature")
                || hasNoCredentials(failure);
    }

    /** The SDK then lists all the places where it looked, which tells nobody what to do. */
    static boolean hasNoCredentials(AwsFailure failure) {
        return failure.message().contains("Unable to load credentials from any of the providers");
    }

    /** What the providers said that had something to say: most say that they are not configured. */
    private static String tried(AwsFailure failure) {
        int reasons = failure.message().indexOf("]) : [");
        return reasons < 0
                ? ""
                : PROVIDER.splitAsStream(failure.message().substring(reasons))
                        .skip(1)
                        .map(text -> text.replaceFirst("^.*?\\): ", "").replaceFirst(": ProfileFile\\(.*|\\]$", ""))
                        .filter(reason -> NOT_CONFIGURED.stream().noneMatch(reason::startsWith))
                        .distinct()
                        .map(reason ->
                                "\nFound, and of no use: " + SafeText.oneLine(reason, AwsErrors.MAX_MESSAGE_LENGTH))
                        .collect(Collectors.joining());
    }

    /** The SDK's endpoint rules refuse some combinations of settings. */
    static boolean isAboutEndpoints(AwsFailure failure) {
        return failure.noResponse() && failure.message().startsWith("Invalid Configuration: ");
    }

    static boolean isMissingBucket(AwsOperation operation, AwsFailure failure) {
        return failure.is("NoSuchBucket")
                || failure.status() == 404
                        && operation.resource().contains(":s3:::")
                        && !operation.resource().contains("/");
    }

    static boolean isOtherRegion(AwsOperation operation, AwsFailure failure) {
        return failure.is(
                        "PermanentRedirect",
                        "TemporaryRedirect",
                        "AuthorizationHeaderMalformed",
                        "IllegalLocationConstraintException")
                || isOfS3(operation) && (failure.status() == 301 || failure.status() == 307 || failure.status() == 308);
    }

    private static boolean isOfS3(AwsOperation operation) {
        return operation.iamAction().startsWith("s3:");
    }

    private static boolean isAboutTls(AwsFailure failure) {
        return failure.message().contains("SSL") || failure.message().contains("PKIX");
    }

    /** Lambda checks the signature when it has the whole of the request. */
    private static String slowUpload(AwsFailure failure) {
        return failure.message().contains("Signature expired")
                ? "A request that takes more than 5 minutes to arrive is refused in this way too: for a package on a slow line set"
                        + " an S3 bucket (s3Bucket), to which it goes in parts. Otherwise: "
                : "";
    }

    /** A statement that allows does not help against one that denies, nor where another kind of policy has to allow as well. */
    private static String denied(AwsOperation operation, AwsFailure failure) {
        Permission permission = new Permission(
                first(DENIED_ACTION, failure.message(), operation.iamAction()), deniedResource(operation, failure));
        Matcher by = DENIED_BY.matcher(failure.message());
        if (by.find()) {
            String policy = by.group(1) != null
                    ? "An explicit deny in " + article(by.group(1))
                    : by.group(2) != null
                            ? "The lack of an Allow in " + article(by.group(2))
                            : "An explicit deny in a policy";
            return policy + " blocks " + permission.iamAction() + " on "
                    + SafeText.oneLine(permission.resource(), AwsErrors.MAX_MESSAGE_LENGTH)
                    + ". Another Allow for the user or role that deploys does not change that: ask who manages that policy.";
        }
        return (hasNoCodeOfAws(operation, failure)
                        ? "The response has no error code, unlike those of AWS: it may come from a proxy or a firewall. If it is"
                                + " from AWS: "
                        : "")
                + allow(permission);
    }

    private static String article(String policy) {
        return (policy.startsWith("identity") ? "an " : "a ") + policy;
    }

    /** Where AWS names the object of this build, the statement is for all that go under the prefix. */
    private static String deniedResource(AwsOperation operation, AwsFailure failure) {
        String named = first(ON_RESOURCE, failure.message(), operation.resource());
        boolean covered = operation.resource().endsWith("*")
                && named.startsWith(
                        operation.resource().substring(0, operation.resource().length() - 1));
        return isOfS3(operation) && covered ? operation.resource() : named;
    }

    /** Lambda and STS give an error code; so does S3, but for a HEAD, whose response has no body. */
    private static boolean hasNoCodeOfAws(AwsOperation operation, AwsFailure failure) {
        return failure.code().isEmpty()
                && !List.of("s3:GetObject", "s3:ListBucket").contains(operation.iamAction());
    }

    private static String allow(Permission permission) {
        return "Add this statement to the policy of the user or role that deploys:\n"
                + "  {\"Effect\": \"Allow\", \"Action\": \"" + permission.iamAction() + "\", \"Resource\": \""
                + SafeText.oneLine(permission.resource(), AwsErrors.MAX_MESSAGE_LENGTH) + "\"}";
    }

    private static String first(Pattern pattern, String text, String otherwise) {
        Matcher matcher = pattern.matcher(text);
        return matcher.find() ? matcher.group(1) : otherwise;
    }
}
