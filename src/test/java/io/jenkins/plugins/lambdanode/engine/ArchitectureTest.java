package io.jenkins.plugins.lambdanode.engine;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.ArchConfiguration;
import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The walls of the house. */
class ArchitectureTest {

    private static final String ENGINE = "io.jenkins.plugins.lambdanode.engine";
    private static final String[] JENKINS = {"hudson..", "jenkins..", "org.jenkinsci..", "org.kohsuke.."};

    private static JavaClasses engine;

    @BeforeAll
    static void readTheEnginesClasses() throws Exception {
        // Names of other libraries' classes are enough; to read all of the AWS SDK takes a minute.
        ArchConfiguration.get().setResolveMissingDependenciesFromClassPath(false);
        Path classes = Path.of(
                Deployment.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        engine = new ClassFileImporter().importPath(classes.resolve(ENGINE.replace('.', '/')));
    }

    private static ArchRule keepsFrom(String... packages) {
        return noClasses().should().dependOnClassesThat().resideInAnyPackage(packages);
    }

    @Test
    void theEngineKnowsNothingOfJenkinsNorOfAnyFrontEnd() {
        assertTrue(engine.size() > 50, "only " + engine.size() + " classes were looked at");
        keepsFrom(JENKINS).check(engine);
        noClasses()
                .should()
                .dependOnClassesThat(resideInAPackage("io.jenkins..").and(not(resideInAPackage(ENGINE + ".."))))
                .check(engine);
        keepsFrom("picocli..").check(engine);
    }

    @Test
    void codeThatRunsOnAnAgentNeedsTheJdkOnlyAndJGitWhereThereIsAnIgnoreFile() {
        classes()
                .that()
                .resideInAnyPackage(ENGINE + ".pack..", ENGINE + ".send..")
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(
                                "java..",
                                "javax.net.ssl..",
                                ENGINE + ".pack..",
                                ENGINE + ".send..",
                                "org.eclipse.jgit.ignore..")
                        .or(belongToAnyOf(DeployException.class, Progress.class, ChangeTimes.class)))
                .check(engine);
        noClasses()
                .that()
                .resideInAPackage(ENGINE + ".send..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org..")
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
    void processesAreStartedInOnePlaceAndByAShellForOneSettingOnly() {
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
                .doNotHaveSimpleName("NpmInstall")
                .should()
                .callMethod(Command.class, "shell", String.class)
                .check(engine);
    }

    @Test
    void theAwsSdkStaysInItsPackage() {
        noClasses()
                .that()
                .resideOutsideOfPackage(ENGINE + ".aws..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("software.amazon..")
                .check(engine);
    }

    @Test
    void theEnginesPackagesDependOnOneAnotherWithoutCycles() {
        slices().matching(ENGINE + ".(*)..").should().beFreeOfCycles().check(engine);
    }

    @Test
    void eachPackageUsesOnlyThoseItIsBuiltOn() {
        onlyUses("pack", belongToAnyOf(DeployException.class, Progress.class, ChangeTimes.class)).check(engine);
        onlyUses("send", belongToAnyOf(DeployException.class, Progress.class)).check(engine);
        onlyUses(
                        "npm",
                        belongToAnyOf(
                                DeployException.class,
                                Progress.class,
                                Workspace.class,
                                ChangeTimes.class,
                                ProjectState.class,
                                Command.class,
                                CommandOutcome.class))
                .check(engine);
        onlyUses(
                        "aws",
                        belongToAnyOf(DeployException.class, Progress.class, Workspace.class)
                                .or(resideInAnyPackage(ENGINE + ".pack", ENGINE + ".send")))
                .check(engine);
    }

    private static ArchRule onlyUses(String name, DescribedPredicate<JavaClass> others) {
        return classes()
                .that()
                .resideInAPackage(ENGINE + "." + name)
                .should()
                .onlyDependOnClassesThat(
                        not(resideInAPackage(ENGINE + "..")).or(resideInAPackage(ENGINE + "." + name)).or(others));
    }
}
