package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of a function as AWS's API takes it: {@code orders}, {@code 123456789012:function:orders} or
 * {@code arn:aws:lambda:eu-west-1:123456789012:function:orders} (Lambda API reference, UpdateFunctionCode, FunctionName).
 *
 * @param value as it was given: what is sent to Lambda
 * @param name the function's own name
 * @param region the region in an ARN
 * @param account the account in an ARN or partial ARN, 12 digits
 */
public record FunctionName(String value, String name, Optional<String> region, Optional<String> account) {

    private static final Pattern GRAMMAR = Pattern.compile(
            "(?:(?:arn:aws[a-zA-Z-]*:lambda:(?<region>[a-z]{2,}(?:-[a-z]+)+-\\d{1,2}):)?(?<account>\\d{12}):function:)?"
                    + "(?<name>[a-zA-Z0-9_-]{1,64})");

    private static final Pattern QUALIFIED =
            Pattern.compile("(?:(?:arn:aws[a-zA-Z-]*:lambda:[a-z0-9-]+:)?\\d{12}:function:)?[a-zA-Z0-9_-]{1,64}:"
                    + "(?<qualifier>[$a-zA-Z0-9_-]+)");

    private static final String FORMS = "A function is named by its name (letters, digits, - and _, at most 64),"
            + " by a partial ARN (123456789012:function:name)"
            + " or by an ARN (arn:aws:lambda:region:123456789012:function:name).";

    /**
     * Reads a function's name.
     *
     * @throws DeployException if it is none of the three forms, or names a version or an alias: code is only ever updated in
     *     the function itself
     */
    public static FunctionName parse(String text) throws DeployException {
        Matcher plain = GRAMMAR.matcher(text);
        if (plain.matches()) {
            return new FunctionName(
                    text,
                    plain.group("name"),
                    Optional.ofNullable(plain.group("region")),
                    Optional.ofNullable(plain.group("account")));
        }
        Matcher qualified = QUALIFIED.matcher(text);
        if (qualified.matches()) {
            throw new DeployException("The function name \"" + text + "\" names the version or alias \""
                    + qualified.group("qualifier") + "\", and code is only updated in the function itself.\n"
                    + "Leave \":" + qualified.group("qualifier")
                    + "\" out; to release to an alias, name it as the deployment's alias.");
        }
        throw new DeployException("\"" + SafeText.oneLine(text, 200) + "\" is not the name of a function.\n" + FORMS);
    }

    /** As it was given. */
    @Override
    public String toString() {
        return value;
    }
}
