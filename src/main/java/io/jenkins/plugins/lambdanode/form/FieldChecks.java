package io.jenkins.plugins.lambdanode.form;

import hudson.Util;
import hudson.util.FormValidation;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import java.util.regex.Pattern;

/** Checks what is typed into a form by the engine's rules. A value with a variable in it is checked when the build runs. */
public final class FieldChecks {

    private static final Pattern VARIABLE = Pattern.compile("\\$\\{?\\w");

    private FieldChecks() {}

    /** Reads the text of a setting; one of {@link io.jenkins.plugins.lambdanode.engine.request.SettingRules}. */
    @FunctionalInterface
    public interface Rule {
        Object read(String text) throws DeployException;
    }

    /** @param value blank where the setting is not set */
    public static FormValidation optional(String value, Rule rule) {
        String text = Util.fixEmptyAndTrim(value);
        if (text == null) {
            return FormValidation.ok();
        }
        if (hasVariable(text)) {
            return FormValidation.ok(Messages.FieldChecks_variable());
        }
        try {
            rule.read(text);
            return FormValidation.ok();
        } catch (DeployException e) {
            return FormValidation.error(e.getMessage());
        }
    }

    public static FormValidation required(String value, Rule rule) {
        return Util.fixEmptyAndTrim(value) == null
                ? FormValidation.error(Messages.FieldChecks_required())
                : optional(value, rule);
    }

    /** Whether the build has to expand a variable before the value can be checked. */
    static boolean hasVariable(String value) {
        return value != null && VARIABLE.matcher(value).find();
    }
}
