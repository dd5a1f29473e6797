package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding.Severity;
import java.util.List;

/** Private keys in files of the project. */
final class PrivateKeyCheck implements Check {

    @Override
    public List<Finding> check(CheckedPackage files) {
        return files.privateKeys().stream()
                .map(entry -> new Finding(
                        Severity.WARNING,
                        "private-key",
                        "It holds a private key, and everybody who can read the"
                                + " function's code can read it. Exclude it, and keep keys in AWS Secrets Manager or Parameter Store.",
                        entry.name()))
                .toList();
    }
}
