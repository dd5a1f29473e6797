package io.jenkins.plugins.lambdanode.cli;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Map;
import java.util.Optional;
import software.amazon.awssdk.profiles.Profile;

/**
 * The certificates that the AWS CLI trusts in place of the machine's: a file of them (PEM) that {@code AWS_CA_BUNDLE} names, or
 * {@code ca_bundle} of the profile.
 */
final class CaBundle {

    private static final String TRUST_STORE = "javax.net.ssl.trustStore";

    private CaBundle() {}

    /**
     * Has this process trust them, and no others. Java reads a trust store from a file only, and reads it at the first connection.
     * A trust store that Java's own options name stays.
     *
     * @throws DeployException if the file can't be read, or has no certificates
     */
    static void trust(Map<String, String> environment, Optional<Profile> profile) throws DeployException {
        Optional<String> bundle = Optional.ofNullable(environment.get("AWS_CA_BUNDLE"))
                .or(() -> profile.flatMap(is -> is.property("ca_bundle")))
                .map(String::strip)
                .filter(file -> !file.isEmpty());
        if (bundle.isEmpty() || System.getProperty(TRUST_STORE) != null) {
            return;
        }
        try (InputStream in = Files.newInputStream(Path.of(bundle.get()))) {
            KeyStore trusted = KeyStore.getInstance("JKS");
            trusted.load(null, null);
            for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                trusted.setCertificateEntry("ca-" + trusted.size(), each);
            }
            if (trusted.size() == 0) {
                throw new GeneralSecurityException("it has no certificates");
            }
            Path store = Files.createTempFile("lambda-node-deploy-", ".jks");
            store.toFile().deleteOnExit();
            try (OutputStream out = Files.newOutputStream(store)) {
                trusted.store(out, new char[0]);
            }
            System.setProperty(TRUST_STORE, store.toString());
            System.setProperty("javax.net.ssl.trustStoreType", "JKS");
        } catch (IOException | GeneralSecurityException | InvalidPathException e) {
            throw new DeployException(
                    "The certificates of AWS_CA_BUNDLE (of the profile: ca_bundle), " + SafeText.oneLine(bundle.get(), 200)
                            + ", can't be read: " + e.getClass().getSimpleName() + ": "
                            + SafeText.oneLine(String.valueOf(e.getMessage()), 200)
                            + ".\nName a file with the certificates to trust in PEM format.",
                    e);
        }
    }
}
