package io.jenkins.plugins.lambdanode.build;

import hudson.EnvVars;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** What Jenkins masks in a build's log by itself, for texts that are shown elsewhere. */
final class SecretMask {

    private final List<String> secrets;

    /** @param sensitive the variables that hold secrets */
    SecretMask(EnvVars env, Set<String> sensitive) {
        secrets = sensitive.stream()
                .flatMap(name -> Stream.ofNullable(env.get(name)))
                .flatMap(value -> Stream.concat(Stream.of(value), value.lines()))
                .filter(secret -> !secret.isBlank())
                .sorted(Comparator.comparingInt(String::length).reversed())
                .toList();
    }

    String mask(String text) {
        String masked = text;
        for (String secret : secrets) {
            masked = masked.replace(secret, "****");
        }
        return masked;
    }
}
