package io.jenkins.plugins.lambdanode.form;

import hudson.Util;
import hudson.util.FormValidation;
import io.jenkins.plugins.lambdanode.Messages;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.pack.api.AntPattern;
import io.jenkins.plugins.lambdanode.engine.request.LayerSettings;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/** The grammar of form fields, said while the user types. Fields with a variable in them are checked when the build runs. */
public final class FieldChecks {

    /** Amazon S3 User Guide, "General purpose bucket naming rules". */
    private static final Pattern BUCKET = Pattern.compile("(?!xn--)[a-z0-9](?!.*\\.\\.)[a-z0-9.-]{1,61}[a-z0-9]");

    /** IAM API reference, role ARNs; Lambda API reference, CreateFunction, Role. */
    private static final Pattern ROLE = Pattern.compile("arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+");

    /** Lambda API reference, CreateAlias, Name. */
    private static final Pattern ALIAS = Pattern.compile("(?!^[0-9]+$)[a-zA-Z0-9-_]{1,128}");

    private static final Pattern REGION = Pattern.compile("[a-z]{2}(-[a-z]+)+-\\d{1,2}");
    private static final Pattern KMS_KEY = Pattern.compile("arn:(aws[a-zA-Z-]*)?:kms:[a-z0-9-]+:\\d{12}:.+");
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{?\\w");

    private FieldChecks() {}

    public static FormValidation functionName(String value) {
        if (Util.fixEmptyAndTrim(value) == null) {
            return FormValidation.error(Messages.FieldChecks_required());
        }
        if (hasVariable(value)) {
            return FormValidation.ok();
        }
        try {
            FunctionName.parse(value.trim());
            return FormValidation.ok();
        } catch (DeployException e) {
            return FormValidation.error(e.getMessage());
        }
    }

    /** @param value names separated by commas or white space; there may be none */
    public static FormValidation functionNames(String value) {
        return Arrays.stream(Util.fixNull(value).split("[,\\s]+"))
                .filter(name -> !name.isEmpty())
                .map(FieldChecks::functionName)
                .filter(verdict -> verdict.kind != FormValidation.Kind.OK)
                .findFirst()
                .orElse(FormValidation.ok());
    }

    public static FormValidation bucket(String value) {
        return matches(value, BUCKET, Messages.FieldChecks_bucket());
    }

    public static FormValidation roleArn(String value) {
        return matches(value, ROLE, Messages.FieldChecks_role());
    }

    public static FormValidation requiredRoleArn(String value) {
        return Util.fixEmptyAndTrim(value) == null ? FormValidation.error(Messages.FieldChecks_required()) : roleArn(value);
    }

    public static FormValidation alias(String value) {
        return matches(value, ALIAS, Messages.FieldChecks_alias());
    }

    public static FormValidation layerName(String value) {
        String text = Util.fixEmptyAndTrim(value);
        if (text == null || hasVariable(text)) {
            return FormValidation.ok();
        }
        try {
            LayerSettings.parse("auto", Optional.of(text), OptionalInt.empty());
            return FormValidation.ok();
        } catch (DeployException e) {
            return FormValidation.error(e.getMessage());
        }
    }

    public static FormValidation region(String value) {
        return matches(value, REGION, Messages.FieldChecks_region());
    }

    public static FormValidation kmsKey(String value) {
        return matches(value, KMS_KEY, Messages.FieldChecks_kmsKey());
    }

    public static FormValidation endpoint(String value) {
        String text = Util.fixEmptyAndTrim(value);
        if (text == null || hasVariable(text)) {
            return FormValidation.ok();
        }
        try {
            URI uri = new URI(text);
            boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
            return http && uri.getHost() != null ? FormValidation.ok() : FormValidation.error(Messages.FieldChecks_endpoint());
        } catch (URISyntaxException e) {
            return FormValidation.error(Messages.FieldChecks_endpoint());
        }
    }

    public static FormValidation numberBetween(String value, long least, long most, String unit) {
        String text = Util.fixEmptyAndTrim(value);
        if (text == null) {
            return FormValidation.ok();
        }
        try {
            long number = Long.parseLong(text);
            if (number >= least && number <= most) {
                return FormValidation.ok();
            }
        } catch (NumberFormatException e) {
            return FormValidation.error(Messages.FieldChecks_number(least, most, unit));
        }
        return FormValidation.error(Messages.FieldChecks_number(least, most, unit));
    }

    public static FormValidation environment(String value) {
        for (String line : Util.fixNull(value).split("\n")) {
            if (!line.isBlank() && !line.strip().matches("[a-zA-Z]\\w*=.*")) {
                return FormValidation.error(Messages.FieldChecks_environment(line.strip()));
            }
        }
        return FormValidation.ok();
    }

    public static FormValidation patterns(String value) {
        for (String pattern : Util.fixNull(value).split("[,\n]")) {
            Optional<String> problem = pattern.isBlank() ? Optional.empty() : AntPattern.problem(pattern.strip());
            if (problem.isPresent()) {
                return FormValidation.error(problem.get());
            }
        }
        return FormValidation.ok();
    }

    private static FormValidation matches(String value, Pattern grammar, String message) {
        String text = Util.fixEmptyAndTrim(value);
        return text == null || hasVariable(text) || grammar.matcher(text).matches()
                ? FormValidation.ok()
                : FormValidation.error(message);
    }

    private static boolean hasVariable(String value) {
        return VARIABLE.matcher(value).find();
    }
}
