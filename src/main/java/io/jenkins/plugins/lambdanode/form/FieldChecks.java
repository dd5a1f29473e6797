package io.jenkins.plugins.lambdanode.form;

import hudson.Util;
import hudson.util.FormValidation;
import io.jenkins.plugins.lambdanode.Messages;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.pack.api.AntPattern;
import io.jenkins.plugins.lambdanode.engine.project.InstallSetting;
import io.jenkins.plugins.lambdanode.engine.request.SettingRules;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** Checks what is typed into a form. A value with a variable in it is checked when the build runs. */
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

    /** A rule of the engine: throws what is wrong with a value. */
    private interface Rule {
        void check(String text) throws DeployException;
    }

    /** @param others the names of more functions: where there are some, this one may be empty */
    public static FormValidation functionName(String value, String others) {
        return Util.fixEmptyAndTrim(value) == null && Util.fixEmptyAndTrim(others) == null
                ? FormValidation.error(Messages.FieldChecks_required())
                : check(value, FunctionName::parse);
    }

    /** @param value names separated by commas or white space; there may be none */
    public static FormValidation functionNames(String value) {
        return each(value, "[,\\s]+", FunctionName::parse);
    }

    public static FormValidation install(String value) {
        return check(value, InstallSetting::parse);
    }

    /** @param value may be {@code none}: not the global one either */
    public static FormValidation bucketOrNone(String value) {
        return bucket(value);
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
        return check(value, SettingRules::layerName);
    }

    public static FormValidation region(String value) {
        return matches(value, REGION, Messages.FieldChecks_region());
    }

    public static FormValidation kmsKey(String value) {
        return matches(value, KMS_KEY, Messages.FieldChecks_kmsKey());
    }

    public static FormValidation endpoint(String value) {
        return check(value, text -> {
            try {
                URI uri = new URI(text);
                if (uri.getHost() != null && ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
                    return;
                }
            } catch (URISyntaxException e) {
                throw new DeployException(Messages.FieldChecks_endpoint());
            }
            throw new DeployException(Messages.FieldChecks_endpoint());
        });
    }

    public static FormValidation compressionLevel(String value) {
        return numberBetween(value, 1, 9, "");
    }

    public static FormValidation keepLayerVersions(String value) {
        return numberBetween(value, 1, Integer.MAX_VALUE, "");
    }

    public static FormValidation waitTimeout(String value) {
        return numberBetween(value, 1, Integer.MAX_VALUE, "seconds");
    }

    public static FormValidation s3Threshold(String value) {
        return numberBetween(value, 0, Integer.MAX_VALUE, "bytes");
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
        return each(value, "[,\n]", text -> {
            Optional<String> problem = AntPattern.problem(text);
            if (problem.isPresent()) {
                throw new DeployException(problem.get());
            }
        });
    }

    private static FormValidation matches(String value, Pattern grammar, String message) {
        return check(value, text -> {
            if (!grammar.matcher(text).matches()) {
                throw new DeployException(message);
            }
        });
    }

    private static FormValidation each(String value, String separator, Rule rule) {
        List<FormValidation> verdicts = Arrays.stream(Util.fixNull(value).split(separator))
                .map(item -> check(item, rule))
                .filter(verdict -> verdict.kind != FormValidation.Kind.OK || verdict.getMessage() != null)
                .toList();
        return verdicts.isEmpty() ? FormValidation.ok() : FormValidation.aggregate(verdicts);
    }

    private static FormValidation check(String value, Rule rule) {
        String text = Util.fixEmptyAndTrim(value);
        if (text == null) {
            return FormValidation.ok();
        }
        if (hasVariable(text)) {
            return FormValidation.ok(Messages.FieldChecks_variable());
        }
        try {
            rule.check(text);
            return FormValidation.ok();
        } catch (DeployException e) {
            return FormValidation.error(e.getMessage());
        }
    }

    /** Whether the build has to put a variable in before the value can be checked. */
    static boolean hasVariable(String value) {
        return value != null && VARIABLE.matcher(value).find();
    }
}
