package io.jenkins.plugins.lambdanode.engine.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A package's licence as CycloneDX has it: an SPDX identifier, an SPDX expression, or a name for all else. Its schema takes as
 * identifiers those alone that SPDX knew when it was written.
 */
final class Licences {

    /** Those that nearly all npm packages have. Any other is a name, which loses nothing. */
    private static final Set<String> IDENTIFIERS = Set.of(
            "0BSD",
            "AFL-2.1",
            "AGPL-3.0-only",
            "AGPL-3.0-or-later",
            "Apache-2.0",
            "Artistic-2.0",
            "BlueOak-1.0.0",
            "BSD-2-Clause",
            "BSD-3-Clause",
            "BSL-1.0",
            "CC-BY-3.0",
            "CC-BY-4.0",
            "CC0-1.0",
            "EPL-2.0",
            "GPL-2.0-only",
            "GPL-2.0-or-later",
            "GPL-3.0-only",
            "GPL-3.0-or-later",
            "ISC",
            "LGPL-2.1-only",
            "LGPL-2.1-or-later",
            "LGPL-3.0-only",
            "LGPL-3.0-or-later",
            "MIT",
            "MIT-0",
            "MPL-2.0",
            "OFL-1.1",
            "PostgreSQL",
            "Python-2.0",
            "Unicode-3.0",
            "Unlicense",
            "UPL-1.0",
            "W3C",
            "WTFPL",
            "X11",
            "Zlib");

    private static final String ID = "[A-Za-z0-9][A-Za-z0-9.+-]*";

    /** Two licences or more, or one with an exception, in any brackets (SPDX specification, annex "SPDX license expressions"). */
    private static final Pattern EXPRESSION =
            Pattern.compile("\\(*" + ID + "\\)*(?: (?:AND|OR|WITH) \\(*" + ID + "\\)*)+|\\(+" + ID + "\\)+");

    private Licences() {}

    /** @param licence not empty */
    static void add(String licence, ArrayNode licences) {
        if (IDENTIFIERS.contains(licence)) {
            licences.addObject().putObject("license").put("id", licence);
        } else if (EXPRESSION.matcher(licence).matches()
                && licence.chars().filter(c -> c == '(').count()
                        == licence.chars().filter(c -> c == ')').count()) {
            licences.addObject().put("expression", licence);
        } else {
            licences.addObject().putObject("license").put("name", licence);
        }
    }
}
