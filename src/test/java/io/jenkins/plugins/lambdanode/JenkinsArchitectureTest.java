package io.jenkins.plugins.lambdanode;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.ArchConfiguration;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The packages of the Jenkins side: which may use which. The engine's are in its own ArchitectureTest. */
class JenkinsArchitectureTest {

    private static final String TOP = "io.jenkins.plugins.lambdanode";

    /** Each package with those that it may use besides itself and the engine. The top one has what users name; nobody uses it. */
    private static final Map<String, List<String>> USES = Map.of(
            "", List.of("access", "build", "form"),
            "agent", List.of(),
            "record", List.of("access"),
            "live", List.of("access", "build", "record"),
            "access", List.of("agent"),
            "form", List.of("access"),
            "build", List.of("agent", "access", "record"));

    private static JavaClasses plugin;

    @BeforeAll
    static void readThePluginsClasses() throws Exception {
        // Names of other libraries' classes are enough.
        ArchConfiguration.get().setResolveMissingDependenciesFromClassPath(false);
        Path classes = Path.of(LambdaNodeDeployStep.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        plugin = new ClassFileImporter().importPath(classes.resolve(TOP.replace('.', '/')));
    }

    /** Empty for the top package; null for what is not of the Jenkins side. */
    private static String packageOf(JavaClass type) {
        String name = type.getPackageName();
        if (name.equals(TOP)) {
            return "";
        }
        return name.startsWith(TOP + ".") && !name.startsWith(TOP + ".engine")
                ? name.substring(TOP.length() + 1)
                : null;
    }

    @Test
    void everyPackageHasItsRow() {
        TreeSet<String> found = new TreeSet<>();
        for (JavaClass type : plugin) {
            String name = packageOf(type);
            if (name != null) {
                found.add(name);
            }
        }
        assertEquals(new TreeSet<>(USES.keySet()), found);
    }

    @Test
    void aPackageUsesOnlyThoseOfItsRow() {
        TreeSet<String> breaches = new TreeSet<>();
        for (JavaClass type : plugin) {
            String from = packageOf(type);
            if (from == null) {
                continue;
            }
            for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
                String to = packageOf(dependency.getTargetClass().getBaseComponentType());
                if (to != null && !to.equals(from) && !USES.get(from).contains(to)) {
                    breaches.add("'" + from + "' uses '" + to + "': " + dependency.getDescription());
                }
            }
        }
        assertEquals(new TreeSet<>(), breaches);
    }

    @Test
    void thePackagesDependOnOneAnotherWithoutCyclesTheTopOneIncluded() {
        slices().assignedFrom(new SliceAssignment() {
                    @Override
                    public SliceIdentifier getIdentifierOf(JavaClass type) {
                        String name = packageOf(type);
                        return name == null
                                ? SliceIdentifier.ignore()
                                : SliceIdentifier.of(name.isEmpty() ? "top" : name);
                    }

                    @Override
                    public String getDescription() {
                        return "the packages of the Jenkins side";
                    }
                })
                .should()
                .beFreeOfCycles()
                .check(plugin);
    }

    @Test
    void whatRunsOnAgentsAndWhatBuildsKeepNeedsNoClassOfTheAwsSdk() {
        noClasses()
                .that()
                .resideInAnyPackage(TOP + ".agent..", TOP + ".record..")
                .and()
                .doNotHaveSimpleName("AgentIdentity")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("software.amazon..")
                .check(plugin);
    }
}
