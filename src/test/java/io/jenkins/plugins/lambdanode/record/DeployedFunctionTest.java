package io.jenkins.plugins.lambdanode.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.beans.Introspector;
import java.beans.PropertyDescriptor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.jenkinsci.plugins.scriptsecurity.sandbox.whitelists.Whitelisted;
import org.junit.jupiter.api.Test;

/** What a Pipeline gets from the step. */
class DeployedFunctionTest {

    private static TreeSet<String> properties(Class<?> type) throws Exception {
        TreeSet<String> names = new TreeSet<>();
        for (PropertyDescriptor property :
                Introspector.getBeanInfo(type, Object.class).getPropertyDescriptors()) {
            if (property.getReadMethod().isAnnotationPresent(Whitelisted.class)) {
                names.add(property.getName());
            }
        }
        return names;
    }

    @Test
    void theDocumentationListsWhatASandboxedPipelineMayRead() throws Exception {
        String page = Files.readString(Path.of("docs/jobs.md"));
        String table =
                page.substring(page.indexOf("## What the step returns"), page.indexOf("Outcome and previous values"));
        TreeSet<String> documented = new TreeSet<>();
        table.lines()
                .filter(line -> line.startsWith("| `"))
                .forEach(line -> Pattern.compile("`(\\w+)`")
                        .matcher(line.split("\\|")[1])
                        .results()
                        .map((MatchResult name) -> name.group(1))
                        .forEach(documented::add));

        assertEquals(documented, properties(DeployedFunction.class));
    }

    @Test
    void whatIsInItsListsMayBeReadToo() throws Exception {
        assertEquals(new TreeSet<>(List.of("code", "message", "severity")), properties(PackageFinding.class));
        assertEquals(new TreeSet<>(List.of("bytes", "millis", "name", "shared")), properties(PhaseTime.class));
        assertEquals(new TreeSet<>(List.of("name", "unzippedBytes", "zippedBytes")), properties(PackageSize.class));
        assertEquals(new TreeSet<>(List.of("after", "before", "name")), properties(PackageChange.class));
        assertTrue(properties(DeployedFunction.class).contains("findings"));
    }
}
