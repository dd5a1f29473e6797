package io.jenkins.plugins.lambdanode.engine;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.conditions.ArchConditions.onlyDependOnClassesThat;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.ArchConfiguration;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import io.jenkins.plugins.lambdanode.engine.command.Command;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The engine's packages: which may use which. docs/development.md shows them as a picture. */
class ArchitectureTest {

    private static final String ENGINE = "io.jenkins.plugins.lambdanode.engine";
    private static final String[] JENKINS = {"hudson..", "jenkins..", "org.jenkinsci..", "org.kohsuke.."};

    /** Each package of the engine with the packages that it may use besides itself and {@code base}. The top package is "". */
    private static final Map<String, List<String>> USES = Map.ofEntries(
            Map.entry("base", List.of()),
            Map.entry("command", List.of()),
            Map.entry("project", List.of("command")),
            Map.entry("project.production", List.of()),
            Map.entry("http", List.of()),
            Map.entry("pack.api", List.of()),
            Map.entry("pack.select", List.of("project.production", "pack.api")),
            Map.entry("pack.cache", List.of("pack.select")),
            Map.entry("pack.zip", List.of("pack.select", "pack.cache")),
            Map.entry("pack.inventory", List.of("project.production", "pack.api", "pack.select")),
            Map.entry(
                    "pack.check",
                    List.of("project.production", "pack.api", "pack.inventory", "pack.select", "pack.zip")),
            Map.entry(
                    "pack",
                    List.of(
                            "project.production",
                            "pack.api",
                            "pack.inventory",
                            "pack.select",
                            "pack.cache",
                            "pack.zip",
                            "pack.check")),
            Map.entry("workspace", List.of("command", "project", "http", "pack", "pack.api")),
            Map.entry("aws.client", List.of("http")),
            Map.entry("aws.cloudwatch", List.of("aws.client")),
            Map.entry("aws.s3", List.of("http", "pack.api", "workspace", "aws.client")),
            Map.entry("aws.lambda", List.of("http", "pack.api", "workspace", "aws.client", "aws.s3")),
            Map.entry("request", List.of("aws.client", "project", "pack.api", "aws.lambda", "aws.s3", "report")),
            Map.entry("report", List.of("pack.api", "aws.lambda", "aws.s3")),
            Map.entry(
                    "steps",
                    List.of(
                            "command",
                            "project",
                            "pack.api",
                            "workspace",
                            "aws.client",
                            "aws.lambda",
                            "aws.s3",
                            "aws.cloudwatch",
                            "request",
                            "report")),
            Map.entry(
                    "",
                    List.of(
                            "pack.api",
                            "workspace",
                            "aws.client",
                            "aws.lambda",
                            "aws.s3",
                            "request",
                            "report",
                            "project",
                            "steps")));

    private static JavaClasses engine;

    @BeforeAll
    static void readTheEnginesClasses() throws Exception {
        // Names of other libraries' classes are enough; to read all of the AWS SDK takes a minute.
        ArchConfiguration.get().setResolveMissingDependenciesFromClassPath(false);
        Path classes = Path.of(Deployment.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        engine = new ClassFileImporter().importPath(classes.resolve(ENGINE.replace('.', '/')));
    }

    private static String packageOf(JavaClass type) {
        String name = type.getPackageName();
        return name.equals(ENGINE) ? "" : name.substring(ENGINE.length() + 1);
    }

    private static boolean isOurs(JavaClass type) {
        return type.getPackageName().equals(ENGINE) || type.getPackageName().startsWith(ENGINE + ".");
    }

    private static ArchRule keepsFrom(String... packages) {
        return noClasses().should().dependOnClassesThat().resideInAnyPackage(packages);
    }

    @Test
    void theEngineKnowsNoTypeOfJenkins() {
        assertTrue(engine.contain(Deployment.class), "the engine was not read");
        keepsFrom(JENKINS).check(engine);
        noClasses()
                .should()
                .dependOnClassesThat(resideInAPackage("io.jenkins..").and(not(resideInAPackage(ENGINE + ".."))))
                .check(engine);
        keepsFrom("picocli..").check(engine);
    }

    @Test
    void everyPackageHasItsRow() {
        TreeSet<String> found = new TreeSet<>();
        engine.forEach(type -> found.add(packageOf(type)));
        assertEquals(new TreeSet<>(USES.keySet()), found);
    }

    @Test
    void aPackageUsesOnlyThoseOfItsRow() {
        TreeSet<String> breaches = new TreeSet<>();
        for (JavaClass type : engine) {
            for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
                JavaClass target = dependency.getTargetClass().getBaseComponentType();
                String from = packageOf(type);
                if (isOurs(target)) {
                    String to = packageOf(target);
                    if (!to.equals(from)
                            && !to.equals("base")
                            && !USES.get(from).contains(to)) {
                        breaches.add(from + " uses " + to + ": " + dependency.getDescription());
                    }
                }
            }
        }
        assertEquals(new TreeSet<>(), breaches);
    }

    /** The rows themselves: an order of packages that has a cycle, or a child that knows its parent, is no order. */
    @Test
    void theRowsAllowNoCycleAndNoChildThatKnowsItsParent() {
        USES.forEach((name, used) -> used.forEach(other -> {
            assertTrue(!other.isEmpty() && !name.startsWith(other + "."), name + " would know its parent");
            assertTrue(!reaches(other, name), name + " and " + other + " would be a cycle");
        }));
    }

    private static boolean reaches(String from, String to) {
        return USES.get(from).contains(to) || USES.get(from).stream().anyMatch(next -> reaches(next, to));
    }

    /** Independent of the rows: every package is a slice, the top one included. */
    @Test
    void packagesDependOnOneAnotherWithoutCycles() {
        slices().assignedFrom(new SliceAssignment() {
                    @Override
                    public SliceIdentifier getIdentifierOf(JavaClass type) {
                        return isOurs(type) ? SliceIdentifier.of(type.getPackageName()) : SliceIdentifier.ignore();
                    }

                    @Override
                    public String getDescription() {
                        return "packages of the engine";
                    }
                })
                .should()
                .beFreeOfCycles()
                .check(engine);
    }

    @Test
    void codeThatRunsOnAnAgentNeedsTheJdkOnlyAndJGitWhereThereIsAnIgnoreFile() {
        classes()
                .that()
                .resideInAnyPackage(
                        ENGINE + ".base..", ENGINE + ".pack..", ENGINE + ".http..", ENGINE + ".project.production..")
                .should(onlyDependOnClassesThat(resideInAnyPackage(
                        "java..",
                        "javax.net.ssl..",
                        ENGINE + ".base..",
                        ENGINE + ".pack..",
                        ENGINE + ".http..",
                        ENGINE + ".project.production..",
                        "org.eclipse.jgit.ignore..")))
                .check(engine);
    }

    @Test
    void onlyOneClassKnowsTheLibraryThatReadsIgnoreFiles() {
        noClasses()
                .that()
                .doNotHaveSimpleName("LambdaIgnore")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.eclipse.jgit..", "nl.basjes..")
                .check(engine);
    }

    /** So a text of the user's reaches a shell in one place: where it is a command line of his own. */
    @Test
    void processesAreStartedInOnePlaceAndByAShellForTwoSettingsOnly() {
        noClasses()
                .that()
                .doNotHaveSimpleName("LocalWorkspace")
                .should()
                .dependOnClassesThat(belongToAnyOf(ProcessBuilder.class))
                .orShould()
                .callMethod(Runtime.class, "exec", String.class)
                .orShould()
                .callMethod(Runtime.class, "exec", String[].class)
                .check(engine);
        noClasses()
                .that()
                .doNotHaveSimpleName("InstallStep")
                .and()
                .doNotHaveSimpleName("BuildStep")
                .should()
                .callMethod(Command.class, "shell", String.class)
                .check(engine);
    }

    @Test
    void theAwsSdkStaysInItsPackages() {
        noClasses()
                .that()
                .resideOutsideOfPackage(ENGINE + ".aws..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("software.amazon..")
                .check(engine);
    }
}
