package io.jenkins.plugins.lambdanode.build;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import hudson.EnvVars;
import hudson.console.LineTransformationOutputStream;
import hudson.model.TaskListener;
import hudson.util.StreamTaskListener;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import java.io.IOException;
import java.nio.charset.Charset;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What Jenkins masks in a build's log by itself, for texts that are shown elsewhere; and what it does not know: secrets in JSON, and
 * what is left of one where a text was cut.
 */
final class SecretMask {

    private static final String MASK = "****";

    /** Shorter ones, as the braces of JSON on lines of their own, are in every text. Jenkins shows them too. */
    private static final int SHORTEST = 3;

    /** The longest first. */
    private final List<String> secrets;

    /** @param sensitive the variables that hold secrets */
    SecretMask(EnvVars env, Set<String> sensitive) {
        secrets = sensitive.stream()
                .flatMap(name -> Stream.ofNullable(env.get(name)))
                .flatMap(value -> Stream.concat(Stream.of(value), value.lines()))
                .filter(secret -> !secret.isBlank() && secret.length() >= SHORTEST)
                .flatMap(secret -> Stream.of(secret, inJson(secret)))
                .distinct()
                .sorted(Comparator.comparingInt(String::length).reversed())
                .toList();
    }

    private static String inJson(String secret) {
        return new String(JsonStringEncoder.getInstance().quoteAsString(secret));
    }

    String mask(String text) {
        String masked = text;
        for (String secret : secrets) {
            masked = masked.replace(secret, MASK);
        }
        String[] parts = masked.split(Pattern.quote(SafeText.CUT), -1);
        for (int i = 0; i < parts.length; i++) {
            parts[i] = maskRest(parts[i], i > 0, i < parts.length - 1);
        }
        return String.join(SafeText.CUT, parts);
    }

    private String maskRest(String part, boolean cutBefore, boolean cutAfter) {
        if (cutBefore && cutAfter && !part.isEmpty() && secrets.stream().anyMatch(secret -> secret.contains(part))) {
            return MASK;
        }
        int begin = cutBefore
                ? longest(part, (secret, length) -> secret.regionMatches(secret.length() - length, part, 0, length))
                : 0;
        int end = cutAfter
                ? longest(part, (secret, length) -> part.regionMatches(part.length() - length, secret, 0, length))
                : 0;
        return begin + end >= part.length() && begin + end > 0
                ? MASK
                : (begin > 0 ? MASK : "") + part.substring(begin, part.length() - end) + (end > 0 ? MASK : "");
    }

    /** How many characters of the part are the rest of a secret. */
    private int longest(String part, BiPredicate<String, Integer> isRest) {
        return secrets.stream()
                .mapToInt(secret -> IntStream.iterate(
                                Math.min(secret.length(), part.length()), length -> length > 0, length -> length - 1)
                        .filter(length -> isRest.test(secret, length))
                        .findFirst()
                        .orElse(0))
                .max()
                .orElse(0);
    }

    /**
     * A log of which this masks each line.
     *
     * @param charset of the log
     */
    TaskListener masked(TaskListener listener, Charset charset) {
        return secrets.isEmpty()
                ? listener
                : new StreamTaskListener(
                        new LineTransformationOutputStream.Delegating(listener.getLogger()) {
                            @Override
                            protected void eol(byte[] bytes, int length) throws IOException {
                                out.write(mask(new String(bytes, 0, length, charset))
                                        .getBytes(charset));
                            }
                        },
                        charset);
    }
}
