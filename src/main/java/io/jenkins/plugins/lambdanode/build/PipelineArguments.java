package io.jenkins.plugins.lambdanode.build;

import com.fasterxml.jackson.databind.ObjectMapper;
import hudson.AbortException;
import hudson.model.Describable;
import hudson.util.EditDistance;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.request.SettingRules;
import io.jenkins.plugins.lambdanode.record.DeployedFunction;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jenkinsci.plugins.structs.describable.ArrayType;
import org.jenkinsci.plugins.structs.describable.DescribableModel;
import org.jenkinsci.plugins.structs.describable.DescribableParameter;
import org.jenkinsci.plugins.structs.describable.HomogeneousObjectType;

/**
 * Reads a step's arguments as Groovy gives them. A setting is text, a number, true or false, or settings of its own: a list
 * becomes text with an item a line, a map lines of {@code KEY=value}. What fits no setting is one error.
 */
public final class PipelineArguments {

    /** The setting whose value can be what readJSON read: not lines, but JSON again. */
    private static final String RECORD = "from";

    private PipelineArguments() {}

    /**
     * The step or the group of settings that the arguments describe.
     *
     * @param owner what the arguments are given to, as the user knows it: {@code lambdaNodeDeploy}
     * @throws AbortException if an argument is not a setting, or has a value that is not one of the setting's
     */
    public static <T> T instantiate(Class<T> type, String owner, Map<?, ?> arguments) throws AbortException {
        DescribableModel<T> model = DescribableModel.of(type);
        Map<String, Object> read = new LinkedHashMap<>();
        for (Map.Entry<?, ?> argument : arguments.entrySet()) {
            String name = String.valueOf(argument.getKey());
            DescribableParameter parameter = model.getParameter(name);
            if (parameter == null) {
                throw new AbortException(owner + " has no parameter '" + name + "'. " + instead(name, model));
            }
            if (name.equals(RECORD) && Objects.toString(argument.getValue(), "").isBlank()) {
                throw new AbortException("from is empty, and nothing else is deployed in its place."
                        + " Give what lambdaNodeDeploy returned, or leave from out to deploy the project.");
            }
            if (argument.getValue() != null) {
                read.put(
                        name,
                        parameter.getType() instanceof ArrayType list
                                ? items(name, list, argument.getValue())
                                : value(name, parameter.getErasedType(), argument.getValue()));
            }
        }
        return model.instantiate(read, null);
    }

    /** The parameter that was meant, or all that there are. */
    private static String instead(String name, DescribableModel<?> model) {
        List<String> names = model.getParameters().stream()
                .map(DescribableParameter::getName)
                .toList();
        String nearest = EditDistance.findNearest(name, names);
        return EditDistance.editDistance(name, nearest) <= Math.max(2, name.length() / 3)
                ? "Did you mean " + nearest + "?"
                : "Its parameters: " + String.join(", ", names) + ".";
    }

    private static Object value(String name, Class<?> type, Object value) throws AbortException {
        if (type.isInstance(value)) {
            return value;
        }
        if (type == String.class) {
            if (value instanceof DeployedFunction deployed) {
                return deployed.toJson();
            }
            if (name.equals(RECORD) && value instanceof Map<?, ?> json) {
                return new ObjectMapper().valueToTree(json).toString();
            }
            if (name.equals(RECORD) && value instanceof Collection<?> several) {
                throw new AbortException("from is a list of " + several.size()
                        + ", as lambdaNodeDeploy returns it for functionNames. Give one of them: from: deployed[0].");
            }
            return text(name, value);
        }
        if (type == boolean.class) {
            return bool(name, value);
        }
        if (type == Integer.class) {
            return number(name, value);
        }
        if (Describable.class.isAssignableFrom(type) && value instanceof Map<?, ?> settings) {
            return instantiate(type, name, settings);
        }
        throw new AbortException(
                name + " is '" + value + "'. It has settings of its own: " + name + ": [" + example(type) + "]");
    }

    /** One group of settings, or a list of them. */
    private static List<Object> items(String name, ArrayType list, Object value) throws AbortException {
        Class<?> type = ((HomogeneousObjectType) list.getElementType()).getType();
        List<Object> items = new ArrayList<>();
        for (Object item : value instanceof Collection<?> several ? several : List.of(value)) {
            items.add(value(name, type, item));
        }
        return items;
    }

    private static String example(Class<?> type) {
        Collection<DescribableParameter> all = DescribableModel.of(type).getParameters();
        boolean anyIsRequired = all.stream().anyMatch(DescribableParameter::isRequired);
        return all.stream()
                .filter(parameter -> parameter.isRequired() || !anyIsRequired)
                .map(parameter -> parameter.getName() + ": '...'")
                .collect(Collectors.joining(", "));
    }

    private static String text(String name, Object value) throws AbortException {
        if (value instanceof Collection<?> items) {
            StringBuilder lines = new StringBuilder();
            for (Object item : items) {
                lines.append(line(name, item)).append('\n');
            }
            return lines.toString();
        }
        if (value instanceof Map<?, ?> entries) {
            StringBuilder lines = new StringBuilder();
            for (Map.Entry<?, ?> entry : entries.entrySet()) {
                lines.append(entry.getKey())
                        .append('=')
                        .append(line(name + "." + entry.getKey(), entry.getValue()))
                        .append('\n');
            }
            return lines.toString();
        }
        return one(name, value);
    }

    private static String line(String name, Object value) throws AbortException {
        String text = one(name, value);
        if (text.contains("\n")) {
            throw new AbortException("The value of " + name + " has a line break. Give it in one line.");
        }
        return text;
    }

    private static String one(String name, Object value) throws AbortException {
        if (value instanceof CharSequence || value instanceof Number || value instanceof Boolean) {
            return value.toString();
        }
        throw new AbortException(
                "The value of " + name + " is " + (value == null ? "null" : "no text") + ". Give it as text.");
    }

    private static Boolean bool(String name, Object value) throws AbortException {
        String text = value.toString();
        if (value instanceof Boolean || text.equals("true") || text.equals("false")) {
            return Boolean.valueOf(text);
        }
        throw new AbortException(name + " is '" + text + "'. Use true or false.");
    }

    private static Integer number(String name, Object value) throws AbortException {
        try {
            return SettingRules.number(name, value.toString());
        } catch (DeployException e) {
            throw new AbortException(e.getMessage());
        }
    }
}
