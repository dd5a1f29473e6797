package io.jenkins.plugins.lambdanode.testing.jenkins;

import io.jenkins.plugins.lambdanode.LambdaNodeConfiguration;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;

/** The plugin as a Jenkins has it that it was installed in: its classes in a jar, where test Jenkinses have them in a folder. */
public final class PackagedPlugin {

    private static final String NAME = "lambda-node-deploy";

    private PackagedPlugin() {}

    /** Puts it in place of the one in a folder. */
    public static void putInto(Path home) throws IOException, URISyntaxException {
        Path classes = Path.of(LambdaNodeConfiguration.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        Path plugins = home.resolve("plugins");
        Path linked = plugins.resolve(NAME + ".jpl");
        Manifest manifest;
        try (InputStream in = Files.newInputStream(linked)) {
            manifest = new Manifest(in);
        }
        Files.delete(linked);
        manifest.getMainAttributes().remove(new Attributes.Name("Libraries"));
        manifest.getMainAttributes().remove(new Attributes.Name("Resource-Path"));
        try (OutputStream out = Files.newOutputStream(plugins.resolve(NAME + ".jpi"));
                JarOutputStream plugin = new JarOutputStream(out, manifest)) {
            plugin.putNextEntry(new ZipEntry("WEB-INF/lib/" + NAME + ".jar"));
            JarOutputStream jar = new JarOutputStream(plugin, manifest);
            try (Stream<Path> files = Files.walk(classes)) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    jar.putNextEntry(new ZipEntry(classes.relativize(file).toString()));
                    Files.copy(file, jar);
                }
            }
            jar.finish();
        }
    }
}
