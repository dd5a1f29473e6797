package io.jenkins.plugins.lambdanode.testing;

import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.StoreScope;

/** Takes the emulators that the tests of a JVM have started down when its last test has ended. */
public final class EmulatorExtension implements BeforeAllCallback {

    private static final ExtensionContext.Namespace NAMESPACE =
            ExtensionContext.Namespace.create(EmulatorExtension.class);

    @Override
    public void beforeAll(ExtensionContext context) {
        context.getStore(StoreScope.LAUNCHER_SESSION, NAMESPACE)
                .computeIfAbsent(Running.class, key -> new Running(), Running.class);
    }

    /** Closed by JUnit when it has run all classes that this JVM was given. */
    private static final class Running implements AutoCloseable {
        @Override
        public void close() {
            for (Emulator emulator : Emulator.values()) {
                if (emulator.isRunning()) {
                    System.out.println("Requests to " + emulator + ": " + emulator.counts());
                }
                emulator.stop();
            }
        }
    }
}
