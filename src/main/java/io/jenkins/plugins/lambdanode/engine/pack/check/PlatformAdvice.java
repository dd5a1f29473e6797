package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;

/** How to get native code for the platform of a function. */
final class PlatformAdvice {
    private PlatformAdvice() {}

    static String npmCpu(TargetFunction function) {
        return function.architecture().equals("arm64") ? "arm64" : "x64";
    }

    /** Of what is published prebuilt, npm installs what its options ask for. */
    static String prebuilt(TargetFunction function) {
        return "Install for the function's platform: npm ci --os=linux --cpu=" + npmCpu(function) + " --libc=glibc.";
    }

    /** What is compiled is for the machine that compiles: npm's options do not reach it. */
    static String compiled(TargetFunction function) {
        return "It is compiled where it is installed, and npm's --cpu does not change that. Install on an agent (or in a container)"
                + " with Linux, glibc and " + (function.architecture().isEmpty() ? "the function's architecture" : function.architecture())
                + ", and with the function's Node.js.";
    }
}
