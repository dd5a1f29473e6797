package io.jenkins.plugins.lambdanode.testing;

import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Takes the emulators that tests have started down when the last test has ended. */
public final class EmulatorExtension implements BeforeAllCallback {

    private static final ExtensionContext.Namespace NAMESPACE =
            ExtensionContext.Namespace.create(EmulatorExtension.class);

    @Override
    public void beforeAll(ExtensionContext context) {
        context.getRoot().getStore(NAMESPACE).computeIfAbsent(Running.class, key -> new Running(), Running.class);
    }

    /** Closed by JUnit at the end of the run. */
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
