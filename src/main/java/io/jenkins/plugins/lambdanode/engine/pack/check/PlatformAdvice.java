package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;

/** How to get native code for the platform of a function. */
final class PlatformAdvice {
    private PlatformAdvice() {}

    /**
     * Of what is published prebuilt, package managers install what their options ask for. An install of the deployment's own asks by
     * itself, where it can: not npm with a build, not Yarn.
     */
    static String prebuilt(TargetFunction function) {
        String cpu = function.architecture().equals("arm64") ? "arm64" : "x64";
        return "Install for the function's platform: npm ci --os=linux --cpu=" + cpu
                + " --libc=glibc --omit=dev (npm 10.1 and later; with a"
                + " build, as its last command), or supportedArchitectures in Yarn's .yarnrc.yml or pnpm's settings.";
    }

    /** npm leaves other platforms out of a lock file that it makes where node_modules is there (npm/cli#4828). */
    static String notLocked(String lockFile) {
        return lockFile
                + " does not name it, so no install by it brings it: npm leaves out other platforms' packages where it finds a"
                + " node_modules. Remove node_modules and " + lockFile + ", run 'npm install' and commit the new one.";
    }

    /** What is compiled is for the machine that compiles: npm's options do not reach it. */
    static String compiled(TargetFunction function) {
        return "It is compiled where it is installed, and npm's --cpu does not change that. Install on an agent (or in a container)"
                + " with Linux, glibc and "
                + (function.architecture().isEmpty() ? "the function's architecture" : function.architecture())
                + ", and with the function's Node.js.";
    }
}
