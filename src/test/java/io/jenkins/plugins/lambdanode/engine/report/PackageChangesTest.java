package io.jenkins.plugins.lambdanode.engine.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.jenkins.plugins.lambdanode.engine.report.PackageChanges.Change;
import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PackageChangesTest {

    /** @param packages such as {@code ms@2.0.0} */
    private static String bom(String... packages) {
        return Stream.of(packages)
                .map(each -> each.replaceFirst("(.+)@(.*)", "{\"name\":\"$1\",\"version\":\"$2\"}"))
                .collect(Collectors.joining(",", "{\"components\":[", "]}"));
    }

    @Test
    void addedRemovedAndOtherVersionsAreTold() throws Exception {
        PackageChanges changes = PackageChanges.between(
                bom("ms@2.0.0", "ms@2.1.2", "debug@4.3.4", "left-pad@1.3.0", "same@1.0.0"),
                bom("ms@2.1.2", "ms@2.1.3", "debug@4.4.0", "@acme/shared@1.0.0", "same@1.0.0"));

        assertEquals(
                List.of(
                        new Change("@acme/shared", "", "1.0.0"),
                        new Change("debug", "4.3.4", "4.4.0"),
                        new Change("left-pad", "1.3.0", ""),
                        new Change("ms", "2.0.0", "2.1.3")),
                changes.changes());
        assertEquals(
                "4 npm packages changed: @acme/shared 1.0.0 added, debug 4.3.4 -> 4.4.0, left-pad 1.3.0 removed,"
                        + " ms 2.0.0 -> 2.1.3",
                changes.line());
    }

    @Test
    void oneCopyMoreOfAPackageIsAnAddedVersion() throws Exception {
        assertEquals(
                "1 npm package changed: ms 2.1.3 added",
                PackageChanges.between(bom("ms@2.0.0"), bom("ms@2.0.0", "ms@2.1.3"))
                        .line());
    }

    @Test
    void aLongListIsCutInTheLogAndAControlCharacterIsNotShown() throws Exception {
        assertEquals(
                "7 npm packages changed: a 1 added, b 1 added, c 1 added, d 1 added, e 1 added and 2 more",
                PackageChanges.between(bom(), bom("a\\u001b@1", "b@1", "c@1", "d@1", "e@1", "f@1", "g@1"))
                        .line());
    }

    @Test
    void theSameIsNoChangeAndWhatIsNotJsonIsAnError() throws Exception {
        assertEquals(PackageChanges.NONE, PackageChanges.between(bom("ms@2.0.0"), bom("ms@2.0.0")));
        assertThrows(IOException.class, () -> PackageChanges.between("<html>", bom()));
    }
}
