package io.jenkins.plugins.lambdanode.engine.pack.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.apache.tools.ant.types.selectors.SelectorUtils;
import org.junit.jupiter.api.Test;

class AntPatternTest {

    @Property(tries = 5000)
    void aPatternMatchesWhatAntMatches(@ForAll("patterns") String pattern, @ForAll("paths") String path) {
        String inAnt = pattern.endsWith("/") ? pattern + "**" : pattern;
        assertEquals(SelectorUtils.matchPath(inAnt, path, true), new AntPattern(pattern).matches(path));
    }

    @Provide
    Arbitrary<String> patterns() {
        Arbitrary<String> name = Arbitraries.of("a", "b", "*", "**", "**", "a*", "*b", "?", "a?b", "*a*b", "ab", "**a");
        return name.list()
                .ofMinSize(1)
                .ofMaxSize(6)
                .map(names -> String.join("/", names))
                .flatMap(p -> Arbitraries.of(p, p + "/"));
    }

    @Provide
    Arbitrary<String> paths() {
        return Arbitraries.of("a", "b", "ab", "aab", "ba", "aXb", "c")
                .list()
                .ofMinSize(1)
                .ofMaxSize(6)
                .map(names -> String.join("/", names));
    }

    @Test
    void aFolderNeedNotBeWalkedWhereAllBelowItMatches() {
        assertTrue(new AntPattern("test/").matchesAllBelow("test"));
        assertTrue(new AntPattern("**/test/**").matchesAllBelow("lib/test"));
        assertFalse(new AntPattern("test").matchesAllBelow("test"));
        assertFalse(new AntPattern("**/*.js").matchesAllBelow("test"));
        assertFalse(new AntPattern("test/*").matchesAllBelow("test"));
    }

    @Test
    void aPatternMayBeginWithTheProjectsFolderAndHaveBackslashes() {
        assertTrue(new AntPattern("./src/*.ts").matches("src/a.ts"));
        assertTrue(new AntPattern("/src\\*.ts").matches("src/a.ts"));
    }

    @Test
    void upperAndLowerCaseDiffer() {
        assertFalse(new AntPattern("README.md").matches("readme.md"));
    }

    @Test
    void aPatternThatCanMatchNothingInTheProjectIsRefused() {
        for (String pattern : List.of("", "/", "./", "  ", "../lib/**", "src/../../x", "..\\lib")) {
            assertTrue(AntPattern.problem(pattern).orElseThrow().contains("\"" + pattern + "\""));
            assertThrows(IllegalArgumentException.class, () -> new AntPattern(pattern), pattern);
        }
    }

    @Test
    void aPatternThatMatchesSomethingHasNoProblem() {
        for (String pattern : List.of("/dist/**", "dist\\**", "a..b", "**/..x/*")) {
            assertEquals(Optional.empty(), AntPattern.problem(pattern));
        }
    }

    @Test
    void noPatternTakesLong() {
        String pattern = "**/" + "*a".repeat(200) + "b/" + "**/x/".repeat(200);
        String path = ("a".repeat(250) + "/").repeat(15) + "x/".repeat(200) + "end";
        assertTimeoutPreemptively(
                Duration.ofSeconds(5), () -> assertFalse(new AntPattern(pattern + "y").matches(path)));
    }
}
