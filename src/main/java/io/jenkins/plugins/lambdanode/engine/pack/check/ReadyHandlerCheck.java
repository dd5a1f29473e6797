package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Finds a handler's file among the names in a ZIP that was made elsewhere. An error is only what is sure: a handler that a layer
 * or NODE_PATH may bring, or that the runtime may find by its module's name, is not looked for.
 */
public final class ReadyHandlerCheck {

    private ReadyHandlerCheck() {}

    /**
     * @param names of the ZIP's entries
     * @param zip its name, for the message
     * @throws DeployException if a function's handler is surely not there
     */
    public static void requireHandlers(Set<String> names, List<TargetFunction> functions, String zip)
            throws DeployException {
        for (TargetFunction function : functions) {
            Optional<Handler> handler = function.runtime().startsWith("nodejs")
                    ? Handler.of(function.handler()).filter(known -> !known.isElsewhere())
                    : Optional.empty();
            if (handler.isPresent()
                    && function.layerBytes() == 0
                    && function.nodePath().isEmpty()
                    && !isThere(handler.get(), names)) {
                throw missing(handler.get(), function.handler(), names, zip);
            }
        }
    }

    private static boolean isThere(Handler handler, Set<String> names) {
        String path = handler.path();
        return names.contains(path)
                || Handler.EXTENSIONS.stream().anyMatch(extension -> names.contains(path + extension))
                || names.stream().anyMatch(name -> name.startsWith(path + "/") || isModule(handler, name));
    }

    /** Where require.resolve looks for the module by its name alone. */
    private static boolean isModule(Handler handler, String name) {
        String module = "node_modules/" + handler.module();
        return name.startsWith(module + "/")
                || name.startsWith(module + ".")
                || name.startsWith(handler.folder() + module)
                || name.startsWith(handler.module() + ".");
    }

    private static DeployException missing(Handler handler, String text, Set<String> names, String zip) {
        String file = "/" + handler.path();
        Optional<String> below = names.stream()
                .filter(name -> Handler.EXTENSIONS.stream().anyMatch(extension -> name.endsWith(file + extension)))
                .sorted()
                .findFirst();
        return new DeployException("The handler " + SafeText.oneLine(text, 200) + " is not in " + zip + ": it has no "
                + handler.path() + ".js, .mjs or .cjs, and the function could not start.\n"
                + below.map(
                                name -> "It has " + SafeText.name(name)
                                        + ": zip what is in the folder, not the folder itself (cd into it, zip -r ../orders.zip .).")
                        .orElse("Check the ZIP, and the function's handler."));
    }
}
