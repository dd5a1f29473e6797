package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding.Severity;
import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Names that other systems cannot keep as they are. */
final class NamesCheck implements Check {

    @Override
    public List<Finding> check(CheckedPackage files) {
        List<Finding> findings = new ArrayList<>();
        Map<String, String> byLowerCase = new HashMap<>(2 * files.entries().size());
        for (SourceEntry entry : files.entries()) {
            String name = entry.kind() == SourceEntry.Kind.FOLDER
                    ? entry.name().substring(0, entry.name().length() - 1)
                    : entry.name();
            String other = byLowerCase.putIfAbsent(name.toLowerCase(Locale.ROOT), name);
            // The files of two folders that differ in case differ too: only the outermost pair is reported.
            if (other != null && parent(other).equals(parent(name))) {
                findings.add(new Finding(
                        Severity.WARNING,
                        "names-differ-in-case",
                        "Its name differs from that of " + SafeText.name(other)
                                + " in case only. Lambda keeps both; Windows and macOS keep one. Rename one.",
                        name));
            }
            if (hasControlCharacter(name)) {
                findings.add(new Finding(
                        Severity.WARNING,
                        "unusual-name",
                        "Its name has a control character, which many tools that"
                                + " unpack a ZIP file change. Rename it.",
                        name));
            }
        }
        return findings;
    }

    private static boolean hasControlCharacter(String name) {
        for (int i = 0; i < name.length(); i++) {
            if (Character.isISOControl(name.charAt(i))) {
                return true;
            }
        }
        return false;
    }

    private static String parent(String name) {
        return name.substring(0, name.lastIndexOf('/') + 1);
    }
}
