package io.jenkins.plugins.lambdanode.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import hudson.EnvVars;
import hudson.model.FreeStyleBuild;
import hudson.model.FreeStyleProject;
import hudson.model.Label;
import hudson.model.User;
import hudson.security.SecurityRealm;
import hudson.tasks.Shell;
import hudson.util.StreamTaskListener;
import io.jenkins.plugins.lambdanode.FunctionConfiguration;
import io.jenkins.plugins.lambdanode.LambdaNodeConfiguration;
import io.jenkins.plugins.lambdanode.LambdaNodeDeployBuilder;
import io.jenkins.plugins.lambdanode.LambdaNodeDeployStep;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Outcome;
import io.jenkins.plugins.lambdanode.record.DeploymentTrendAction.Measure;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import io.jenkins.plugins.lambdanode.testing.jenkins.Builds;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import jenkins.model.experimentalflags.UserExperimentalFlagsProperty;
import org.htmlunit.html.HtmlAnchor;
import org.htmlunit.html.HtmlElement;
import org.htmlunit.html.HtmlPage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;
import org.kohsuke.stapler.DataBoundSetter;

/** What the pages of a build and of its job show of a deployment. */
@WithJenkins
@ExtendWith(EmulatorExtension.class)
class PagesTest {

    private static final String MARKUP = "<img src=x onerror=alert(1)>";

    private static JenkinsRule jenkins;
    /** One for all pages: what a page goes on asking for in the background ends when the next one is shown. */
    private static JenkinsRule.WebClient client;

    @BeforeAll
    static void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        client = jenkins.createWebClient();
        Builds.startAgent(jenkins);
    }

    @AfterAll
    static void stop() throws Exception {
        jenkins.after();
        jenkins = null;
        client = null;
    }

    private static FreeStyleProject deploying(String function) throws Exception {
        FreeStyleProject project = jenkins.createFreeStyleProject(function);
        project.setAssignedLabel(Label.get("agent"));
        project.getBuildersList().add(new Shell("echo 'exports.handler = async () => 1;' > index.js"));
        LambdaNodeDeployStep settings = new LambdaNodeDeployStep(function);
        settings.setCredentialsId(Aws.CREDENTIALS_ID);
        settings.setAlias("live");
        settings.setCreate(new FunctionConfiguration(Aws.ROLE));
        project.getBuildersList().add(new LambdaNodeDeployBuilder(settings));
        return project;
    }

    private static HtmlPage page(String address) throws Exception {
        HtmlPage page = client.goTo(address);
        client.waitForBackgroundJavaScriptStartingBefore(500);
        return page;
    }

    /** A build that is said to have deployed a package of this size, in this time. */
    private static FreeStyleBuild deployed(FreeStyleProject project, String sha256, long bytes, long millis)
            throws Exception {
        FreeStyleBuild build = jenkins.buildAndAssertSuccess(project);
        DeploymentAction.addTo(build, List.of(function("orders", sha256, bytes, millis)));
        return build;
    }

    private static DeployedFunction function(String name, String sha256, long bytes, long millis) {
        DeployedFunction function = new DeployedFunction();
        function.functionName = name;
        function.functionArn = "arn:aws:lambda:eu-west-1:123456789012:function:" + name;
        function.region = "eu-west-1";
        function.codeSha256 = sha256;
        function.outcome = Outcome.UPDATED;
        function.artifact = "lambda/123456789012/eu-west-1/" + name + ".json";
        function.fingerprint = "0123456789abcdef0123456789abcdef";
        function.files = 1;
        function.codeSize = bytes;
        function.millis = millis;
        return function;
    }

    private static DeploymentTrendAction trend(FreeStyleProject project, Measure measure) {
        return new DeploymentTrendAction(project, measure);
    }

    /** The chart's lines by their names, each with a value for each build. */
    private static Map<String, String> lines(FreeStyleProject project, Measure measure) throws Exception {
        Map<String, String> lines = new LinkedHashMap<>();
        new ObjectMapper()
                .readTree(trend(project, measure).getBuildTrendModel())
                .path("series")
                .forEach(series -> lines.put(
                        series.path("name").asText(), series.path("data").toString()));
        return lines;
    }

    @Test
    void aBuildsPageTellsWhatWasDeployed() throws Exception {
        FreeStyleBuild build = jenkins.buildAndAssertSuccess(deploying("shown"));

        HtmlPage page = page(build.getUrl());

        String text = page.asNormalizedText();
        String onServer = Aws.function("shown").orElseThrow().codeSha256();
        assertTrue(text.contains("shown"), text);
        assertTrue(text.contains("created"), text);
        assertTrue(text.contains("shown · created · version 1 · alias live · us-east-1"), text);
        assertTrue(text.contains(onServer), text);
        assertEquals(
                "https://us-east-1.console.aws.amazon.com/lambda/home?region=us-east-1#/functions/shown",
                page.getAnchors().stream()
                        .map(HtmlAnchor::getHrefAttribute)
                        .filter(address -> address.contains("console.aws"))
                        .findFirst()
                        .orElseThrow());
    }

    @Test
    void aBuildsPageLeadsToTheRecord() throws Exception {
        FreeStyleBuild build = jenkins.buildAndAssertSuccess(deploying("recorded"));

        String record = client.goTo(
                        build.getUrl() + "artifact/lambda/000000000000/us-east-1/recorded.json", "application/json")
                .getWebResponse()
                .getContentAsString();

        assertEquals(
                Aws.function("recorded").orElseThrow().codeSha256(),
                new ObjectMapper().readTree(record).path("CodeSha256").asText());
        assertTrue(page(build.getUrl()).getAnchors().stream()
                .anyMatch(link ->
                        link.getHrefAttribute().endsWith("artifact/lambda/000000000000/us-east-1/recorded.json")));
    }

    /** The second build has another version of ms, and lacks a package with a hostile name; its repository is said with a token. */
    @Test
    void aBuildsPageLeadsToBillOfMaterialsAndProvenanceAndTellsWhichPackagesChanged() throws Exception {
        FreeStyleProject project = deploying("pages-materials");
        LambdaNodeDeployBuilder deployment = project.getBuildersList().get(LambdaNodeDeployBuilder.class);
        deployment.getSettings().setInstall("none");
        Shell checkout = new Shell("""
                echo 'exports.handler = async () => 1;' > index.js
                mkdir -p node_modules/ms node_modules/left-pad
                [ $BUILD_NUMBER = 1 ] && v=2.0.0 || { v=2.1.3; rm -r node_modules/left-pad; }
                echo '{"name":"ms","version":"'$v'"}' > node_modules/ms/package.json
                [ $BUILD_NUMBER = 1 ] && echo '{"name":"<b>left","version":"1.3.0"}' > node_modules/left-pad/package.json
                echo '{"name":"orders","version":"1.0.0"}' > package.json
                echo '{}' > package-lock.json
                git init -q . && (git remote add origin https://deployer:s3cr3t@git.example.com/orders.git || true)
                git -c user.name=A -c user.email=a@example.org commit -q --allow-empty -m $BUILD_NUMBER
                git rev-parse HEAD > commit.txt
                """);
        project.getBuildersList().replaceBy(List.of(checkout, deployment));
        FreeStyleBuild first = jenkins.buildAndAssertSuccess(project);
        FreeStyleBuild second = jenkins.buildAndAssertSuccess(project);

        jenkins.assertLogNotContains("changed:", first);
        jenkins.assertLogContains(
                "pages-materials: 2 npm packages changed: <b>left 1.3.0 removed, ms 2.0.0 -> 2.1.3", second);
        DeployedFunction function =
                second.getAction(DeploymentAction.class).getFunctions().get(0);
        assertEquals("lambda/000000000000/us-east-1/pages-materials.cdx.json", function.getSbom());
        assertEquals("lambda/000000000000/us-east-1/pages-materials.provenance.json", function.getProvenance());
        JsonNode bom = Builds.recordAt(second, function.getSbom());
        JsonNode provenance = Builds.recordAt(second, function.getProvenance());
        assertEquals(List.of("pkg:npm/ms@2.1.3"), bom.findValuesAsText("purl"));
        String sha256 = HexFormat.of().formatHex(Base64.getDecoder().decode(codeSha256(second)));
        assertEquals(sha256, bom.at("/metadata/component/hashes/0/content").asText());
        assertEquals("pages-materials.zip", provenance.at("/subject/0/name").asText());
        assertEquals(sha256, provenance.at("/subject/0/digest/sha256").asText());
        assertEquals(
                jenkins.getURL().toString(),
                provenance.at("/predicate/runDetails/builder/id").asText());
        assertEquals(
                jenkins.getURL() + second.getUrl(),
                provenance.at("/predicate/runDetails/metadata/invocationId").asText());
        JsonNode sources = provenance.at("/predicate/buildDefinition/resolvedDependencies");
        assertEquals(
                "git+https://git.example.com/orders.git", sources.at("/0/uri").asText());
        assertEquals(function.getCommit(), sources.at("/0/digest/gitCommit").asText());
        assertEquals("package-lock.json", sources.at("/1/name").asText());
        assertFalse((provenance.toString() + bom).contains("s3cr3t"));

        HtmlPage page = page(second.getUrl() + "lambda/");
        String before =
                first.getAction(DeploymentAction.class).getFunctions().get(0).getCommit();
        String text = page.getWebResponse().getContentAsString();
        assertTrue(
                text.contains("commit " + before.substring(0, 8) + " \u2192 "
                        + function.getCommit().substring(0, 8)),
                text);
        assertTrue(
                text.contains("2 npm packages changed")
                        && text.replace("&gt;", ">").contains("ms 2.0.0 -> 2.1.3"),
                text);
        assertTrue(text.contains("&lt;b") && !text.contains("<b>left"), text);
        for (String link : List.of("bill of materials", "provenance")) {
            HtmlAnchor anchor = page.getAnchors().stream()
                    .filter(each -> each.getTextContent().equals(link))
                    .findFirst()
                    .orElseThrow();
            assertTrue(anchor.click().getWebResponse().getContentAsString().contains(sha256), link);
        }
    }

    @Test
    void theBillOfMaterialsStaysWholeWhereTheBuildDeploysAgainWithTheSameLayer() throws Exception {
        FreeStyleProject project = deploying("pages-layer");
        LambdaNodeDeployBuilder deployment = project.getBuildersList().get(LambdaNodeDeployBuilder.class);
        deployment.getSettings().setDependencies("layer");
        Shell checkout = new Shell("""
                echo 'exports.handler = async () => require("ms")(1000);' > index.js
                echo '{"name":"orders","version":"1.0.0","dependencies":{"ms":"2.1.3"}}' > package.json
                npm install --package-lock-only --no-audit --no-fund
                """);
        Shell nextCheckout = new Shell("rm -r node_modules; echo '// again' >> index.js");
        project.getBuildersList().replaceBy(List.of(checkout, deployment, nextCheckout, deployment));

        FreeStyleBuild build = jenkins.buildAndAssertSuccess(project);

        jenkins.assertLogContains("nothing is installed", build);
        JsonNode bom = Builds.recordAt(build, "lambda/000000000000/us-east-1/pages-layer.cdx.json");
        assertEquals(List.of("pkg:npm/ms@2.1.3"), bom.findValuesAsText("purl"));
        assertNotEquals("incomplete", bom.at("/compositions/0/aggregate").asText());
    }

    @Test
    void theFingerprintOfAPackageListsTheBuildsThatDeployedIt() throws Exception {
        FreeStyleProject project = deploying("traced");
        FreeStyleBuild first = jenkins.buildAndAssertSuccess(project);
        FreeStyleBuild second = jenkins.buildAndAssertSuccess(project);
        HtmlPage build = page(second.getUrl());
        HtmlAnchor fingerprint = build.getAnchors().stream()
                .filter(link -> link.getHrefAttribute().contains("/fingerprint/"))
                .filter(link -> link.getTextContent().contains(codeSha256(second)))
                .findFirst()
                .orElseThrow();

        HtmlPage page = fingerprint.click();

        String text = page.asNormalizedText();
        assertEquals(codeSha256(first), codeSha256(second));
        assertTrue(text.contains("CodeSha256 " + codeSha256(second)), text);
        assertTrue(text.contains("#1"), text);
        assertTrue(text.contains("#2"), text);
    }

    @Test
    void thePageOfAFingerprintNamesNoFunctionSinceOthersCanHaveTheSamePackage() throws Exception {
        FreeStyleBuild build = jenkins.buildAndAssertSuccess(deploying("first-of-two"));
        jenkins.buildAndAssertSuccess(deploying("second-of-two"));

        String fingerprint =
                build.getAction(DeploymentAction.class).getFunctions().get(0).getFingerprint();

        assertEquals(
                "AWS Lambda package, CodeSha256 " + codeSha256(build),
                jenkins.jenkins.getFingerprintMap().get(fingerprint).getFileName());
    }

    @Test
    void aBuildHasAPageOfItsDeploymentsThatLeadsToTheRecord() throws Exception {
        FreeStyleBuild build = jenkins.buildAndAssertSuccess(deploying("tabbed"));

        HtmlPage page = page(build.getUrl() + "lambda/");

        String text = page.asNormalizedText();
        assertTrue(text.contains("tabbed · created · version 1 · alias live · us-east-1"), text);
        HtmlAnchor record = page.getAnchors().stream()
                .filter(link -> link.getTextContent().equals("record"))
                .findFirst()
                .orElseThrow();
        assertTrue(record.click().getWebResponse().getContentAsString().contains(codeSha256(build)));
        List<String> links = page(build.getUrl()).getAnchors().stream()
                .map(HtmlAnchor::getHrefAttribute)
                .toList();
        assertTrue(links.contains("/jenkins/" + build.getUrl() + "lambda"), links.toString());
    }

    @Test
    void aBuildThatDeployedNothingHasNoSuchPage() throws Exception {
        FreeStyleBuild build = jenkins.buildAndAssertSuccess(jenkins.createFreeStyleProject("idle"));

        assertTrue(page(build.getUrl()).getAnchors().stream()
                .noneMatch(link -> link.getHrefAttribute().contains("/lambda")));
    }

    @Test
    void theNewBuildPageHasACardATabAndADetailAndNothingOfItUnderLegacy() throws Exception {
        FreeStyleBuild build = jenkins.buildAndAssertSuccess(deploying("carded"));
        jenkins.jenkins.setSecurityRealm(jenkins.createDummySecurityRealm());
        try {
            User.getById("modern", true)
                    .addProperty(new UserExperimentalFlagsProperty(Map.of("new-build-page.flag", "true")));
            JenkinsRule.WebClient modern = jenkins.createWebClient().login("modern");

            HtmlPage page = modern.goTo(build.getUrl());

            String card = page.<HtmlElement>getFirstByXPath(
                            "//div[contains(@class,'jenkins-card')][.//a[contains(@class,'jenkins-card__title-link')][contains(.,'AWS Lambda')]]")
                    .asNormalizedText();
            String legacy = page.<HtmlElement>getFirstByXPath(
                            "//div[contains(@class,'jenkins-card')][div[contains(@class,'title')][contains(.,'Legacy')]]")
                    .asNormalizedText();
            String details = page.<HtmlElement>getFirstByXPath("//div[@class='jenkins-details']")
                    .asNormalizedText();
            assertTrue(card.contains("carded · created · version 1 · alias live · us-east-1"), card);
            assertTrue(details.contains("carded version 1"), details);
            assertFalse(legacy.contains("carded"), legacy);
            String tab = modern.goTo(build.getUrl() + "lambda/").asNormalizedText();
            assertTrue(tab.contains(codeSha256(build)), tab);
        } finally {
            jenkins.jenkins.setSecurityRealm(SecurityRealm.NO_AUTHENTICATION);
        }
    }

    @Test
    void changedFunctionsComeFirstAndAllAreInAStableOrder() throws Exception {
        FreeStyleBuild build = jenkins.buildAndAssertSuccess(jenkins.createFreeStyleProject("sorted"));
        for (String name : List.of("b-same", "d-new", "a-same", "c-new")) {
            DeployedFunction function = function(name, "sha", 1, 1);
            function.outcome = name.endsWith("new") ? Outcome.UPDATED : Outcome.UNCHANGED;
            DeploymentAction.addTo(build, List.of(function));
        }

        String text = page(build.getUrl()).asNormalizedText();

        List<Integer> places = Stream.of("c-new ·", "d-new ·", "a-same ·", "b-same ·")
                .map(text::indexOf)
                .toList();
        assertTrue(places.stream().noneMatch(at -> at < 0), text);
        assertEquals(places.stream().sorted().toList(), places, text);
    }

    @Test
    void theCardOfManyFunctionsIsShort() throws Exception {
        FreeStyleBuild build = jenkins.buildAndAssertSuccess(jenkins.createFreeStyleProject("many"));
        for (int at = 0; at < 20; at++) {
            DeploymentAction.addTo(build, List.of(function("f" + at, "sha", 1, 1)));
        }

        List<String> lines = build.getAction(DeploymentAction.class).getLines();

        assertEquals(6, lines.size());
        assertEquals("15 more", lines.get(5));
    }

    private static String codeSha256(FreeStyleBuild build) {
        return build.getAction(DeploymentAction.class).getFunctions().get(0).getCodeSha256();
    }

    @Test
    void aFindingNamesTheFileThatItIsAbout() throws Exception {
        FreeStyleProject project = deploying("with-a-secret");
        project.getBuildersList()
                .replaceBy(List.of(
                        new Shell(
                                "mkdir -p conf && echo TOKEN=1 > conf/.env && echo 'exports.handler = async () => 1;' > index.js"),
                        project.getBuildersList().get(LambdaNodeDeployBuilder.class)));
        FreeStyleBuild build = jenkins.buildAndAssertSuccess(project);

        String text = page(build.getUrl()).asNormalizedText();

        assertTrue(text.contains("warning: conf/.env: "), text);
    }

    @Test
    void whatComesFromOutsideIsShownAsTextNotAsMarkup() throws Exception {
        FreeStyleBuild build = jenkins.buildAndAssertSuccess(jenkins.createFreeStyleProject());
        DeployedFunction hostile = function(MARKUP, MARKUP, 1, 1);
        hostile.region = MARKUP;
        hostile.alias = MARKUP;
        hostile.version = MARKUP;
        hostile.layerVersionArn = MARKUP;
        hostile.artifact = "\"><script>alert(1)</script>";
        hostile.fingerprint = "\"><script>alert(1)</script>";
        hostile.findings.add(new PackageFinding(MARKUP, MARKUP, MARKUP));
        hostile.phases.add(new PhaseTime(MARKUP, 1, 1, false));
        hostile.heaviest.add(new PackageSize(MARKUP, 1, 1));
        DeploymentAction.addTo(build, List.of(hostile));
        DeploymentAction.addTo(
                build, new FailedDeployment(FailedDeployment.Kind.DEPLOYMENT, List.of(MARKUP), MARKUP, MARKUP, MARKUP));

        HtmlPage page = page(build.getUrl());

        assertEquals(0, page.getByXPath("//img[@onerror]").size());
        assertFalse(page.getWebResponse().getContentAsString().contains("<script>alert"));
        assertFalse(page.getWebResponse().getContentAsString().contains("<img src=x"));
        assertTrue(page.getWebResponse().getContentAsString().contains("&lt;img src=x"));
    }

    @Test
    void whatAPackageSaysAndHowItsFilesAreCalledIsShownAsTextNotAsMarkup() throws Exception {
        FreeStyleProject project = deploying("hostile");
        project.getBuildersList()
                .replaceBy(List.of(
                        new Shell("mkdir -p '" + MARKUP + "' && echo TOKEN=1 > '" + MARKUP + "/.env'\n"
                                + "echo 'exports.handler = async () => 1;' > index.js\n"
                                + "echo '{\"scripts\":{\"preinstall\":\"cat said\"}}' > package.json\n"
                                + "echo '" + MARKUP + "' > said"),
                        project.getBuildersList().get(LambdaNodeDeployBuilder.class)));
        FreeStyleBuild build = jenkins.buildAndAssertSuccess(project);
        build.setDisplayName(MARKUP);
        jenkins.buildAndAssertSuccess(project).setDisplayName(MARKUP);

        for (String address : List.of(build.getUrl(), build.getUrl() + "console", project.getUrl())) {
            HtmlPage page = page(address);
            assertEquals(0, page.getByXPath("//img[@onerror]").size(), address);
            assertFalse(page.getWebResponse().getContentAsString().contains("<img src=x"), address);
        }
        assertTrue(page(build.getUrl()).asNormalizedText().contains("warning: " + MARKUP + "/.env: "));
        assertTrue(page(build.getUrl() + "console").asNormalizedText().contains(MARKUP));
        JsonNode labels = new ObjectMapper()
                .readTree(trend(project, Measure.SIZE).getBuildTrendModel())
                .path("domainAxisLabels");
        assertEquals(MARKUP, labels.path(0).asText(), "The chart's library shows labels as text");
    }

    @Test
    void formsShowWhatIsSetAsTextNotAsMarkup() throws Exception {
        String hostile = "\"><img src=x onerror=alert(1)>";
        FreeStyleProject project = deploying("hostile-form");
        LambdaNodeDeployStep settings =
                project.getBuildersList().get(LambdaNodeDeployBuilder.class).getSettings();
        for (Method setter : LambdaNodeDeployStep.class.getMethods()) {
            if (setter.isAnnotationPresent(DataBoundSetter.class) && setter.getParameterTypes()[0] == String.class) {
                setter.invoke(settings, hostile);
            }
        }
        FunctionConfiguration create = new FunctionConfiguration(hostile);
        create.setEnvironment(hostile);
        create.setHandler(hostile);
        create.setRuntime(hostile);
        create.setDescription(hostile);
        create.setLayers(hostile);
        settings.setCreate(create);

        HtmlPage page = page(project.getUrl() + "configure");

        assertEquals(0, page.getByXPath("//img[@onerror]").size());
        assertFalse(page.getWebResponse().getContentAsString().contains("<img src=x"));
        assertEquals(
                hostile,
                page.getFormByName("config").getInputByName("_.functionName").getValue());
    }

    @Test
    void theFormOfAllJobsShowsWhatIsSetAsTextNotAsMarkup() throws Exception {
        String hostile = "\"><img src=x onerror=alert(1)>";
        LambdaNodeConfiguration settings = LambdaNodeConfiguration.get();
        String region = settings.getRegion();
        String endpoint = settings.getEndpointUrl();
        try {
            settings.setRegion(hostile);
            settings.setS3Bucket(hostile);
            settings.setS3Prefix(hostile);
            settings.setEndpointUrl(hostile);

            HtmlPage page = page("configure");

            assertEquals(0, page.getByXPath("//img[@onerror]").size());
            assertFalse(page.getWebResponse().getContentAsString().contains("<img src=x"));
            assertEquals(
                    hostile,
                    page.getFormByName("config").getInputByName("_.s3Bucket").getValue());
        } finally {
            settings.setRegion(region);
            settings.setS3Bucket(null);
            settings.setS3Prefix(null);
            settings.setEndpointUrl(endpoint);
        }
    }

    @Test
    void aBuildsPageShowsFromWhichVersionAnAliasWasMoved() throws Exception {
        FreeStyleBuild build = jenkins.buildAndAssertSuccess(jenkins.createFreeStyleProject());
        DeployedFunction moved = function("orders", "a", 1 << 20, 1000);
        moved.outcome = Outcome.RELEASED;
        moved.alias = "live";
        moved.previousVersion = "3";
        moved.version = "4";
        DeploymentAction.addTo(build, List.of(moved));

        String text = page(build.getUrl()).asNormalizedText();

        assertTrue(text.contains("orders · released · version 4 · alias live: 3 → 4 · eu-west-1"), text);
        assertTrue(text.contains("zipped 1.0 MB"), text);
    }

    @Test
    void aDryRunIsNotShownAsDeployedAndSetsNoVariables() throws Exception {
        FreeStyleBuild build = jenkins.buildAndAssertSuccess(jenkins.createFreeStyleProject());
        DeployedFunction tried = function("orders", "a", 1 << 20, 1000);
        tried.outcome = Outcome.VALIDATED;
        DeploymentAction.addTo(build, List.of(tried));

        String text = page(build.getUrl()).asNormalizedText();

        assertTrue(text.contains("Dry run: nothing was changed on AWS Lambda"), text);
        assertTrue(text.contains("orders · validated · eu-west-1"), text);
        assertFalse(text.contains("Deployed to AWS Lambda"), text);
        assertTrue(build.getEnvironment(StreamTaskListener.NULL).keySet().stream()
                .noneMatch(name -> name.startsWith("LAMBDA_")));
        assertEquals(List.of(), build.getParent().getActions(DeploymentTrendAction.class));
    }

    @Test
    void aFailureIsShownUntilTheBuildDeploysTheFunctionAfterAll() throws Exception {
        FreeStyleBuild build = jenkins.buildAndAssertSuccess(jenkins.createFreeStyleProject());
        DeploymentAction.addTo(
                build,
                new FailedDeployment(
                        FailedDeployment.Kind.DEPLOYMENT,
                        List.of("orders"),
                        "eu-west-1",
                        "update",
                        "Lambda did not update function orders\nWait."));

        String failed = page(build.getUrl()).asNormalizedText();
        assertTrue(failed.contains("Failed to deploy to AWS Lambda"), failed);
        assertTrue(failed.contains("orders · failed in the phase update · eu-west-1"), failed);
        assertTrue(failed.contains("Lambda did not update function orders"), failed);

        DeploymentAction.addTo(build, List.of(function("payments", "a", 1, 1)));
        assertTrue(page(build.getUrl()).asNormalizedText().contains("Failed to deploy"));
        DeploymentAction.addTo(build, List.of(function("orders", "a", 1, 1)));
        assertFalse(page(build.getUrl()).asNormalizedText().contains("Failed to deploy"));
    }

    @Test
    void aReleaseThatFailedIsShownUntilTheBuildReleasesAfterAll() throws Exception {
        FreeStyleBuild build = jenkins.buildAndAssertSuccess(jenkins.createFreeStyleProject());
        DeployedFunction deployed = function("orders", "a", 1, 1);
        DeploymentAction.addTo(
                build,
                new FailedDeployment(
                        FailedDeployment.Kind.RELEASE,
                        List.of(deployed.functionArn),
                        "eu-west-1",
                        "shift",
                        "Alarm orders-errors went into ALARM"));

        DeployedFunction back = function("orders", "a", 0, 1);
        back.files = 0;
        back.outcome = Outcome.ROLLED_BACK;
        DeploymentAction.addTo(build, List.of(deployed, back));
        assertTrue(page(build.getUrl()).asNormalizedText().contains("orders · failed in the phase shift · eu-west-1"));

        DeployedFunction released = function("orders", "a", 0, 1);
        released.files = 0;
        released.outcome = Outcome.RELEASED;
        DeploymentAction.addTo(build, List.of(released));
        assertFalse(page(build.getUrl()).asNormalizedText().contains("Failed to deploy"));
    }

    @Test
    void aFileOfDeploymentsThatCanNotBeReadIsKeptBesideTheNewOne() throws Exception {
        FreeStyleBuild build = jenkins.buildAndAssertSuccess(jenkins.createFreeStyleProject());
        Path file = build.getParent().getRootDir().toPath().resolve("lambda-deployments.xml");
        Path kept = file.resolveSibling("lambda-deployments.xml.broken");
        Files.writeString(file, "<list><io.jen");

        DeploymentHistory.add(build, List.of(function("orders", "a", 1, 1)), Optional.empty());
        DeploymentHistory.add(build, List.of(function("billing", "a", 1, 1)), Optional.empty());

        assertEquals("<list><io.jen", Files.readString(kept));
        assertEquals(
                List.of("billing · without alias ($LATEST)", "orders · without alias ($LATEST)"),
                DeploymentHistory.functions(build.getParent()).stream()
                        .map(LiveFunction::getName)
                        .toList());
        String page = page(build.getParent().getUrl() + "lambda/").asNormalizedText();
        assertTrue(page.contains("orders · without alias ($LATEST)"), page);
    }

    @Test
    void onlyJobsThatDeployHaveCharts() throws Exception {
        FreeStyleProject project = jenkins.createFreeStyleProject();
        jenkins.buildAndAssertSuccess(project);
        assertEquals(List.of(), project.getActions(DeploymentTrendAction.class));

        deployed(project, "a", 1 << 20, 1000);

        assertEquals(3, project.getActions(DeploymentTrendAction.class).size());
    }

    @Test
    void theTrendsAppearOnTheJobsPageWithTheSecondDeployment() throws Exception {
        FreeStyleProject project = jenkins.createFreeStyleProject();
        deployed(project, "a", 1 << 20, 1000);
        assertEquals(
                0,
                page(project.getUrl())
                        .getByXPath("//div[contains(@class, 'echarts-trend')]")
                        .size());

        deployed(project, "b", 3 << 20, 2500);

        assertEquals(
                2,
                page(project.getUrl())
                        .getByXPath("//div[contains(@class, 'echarts-trend')]")
                        .size());
    }

    @Test
    void theTrendsGoFromTheOldestBuildToTheNewestInMegabytesAndSeconds() throws Exception {
        FreeStyleProject project = jenkins.createFreeStyleProject();
        deployed(project, "a", 1 << 20, 1000);
        jenkins.buildAndAssertSuccess(project);
        deployed(project, "b", 3 << 20, 2500);

        JsonNode model =
                new ObjectMapper().readTree(trend(project, Measure.SIZE).getBuildTrendModel());

        assertEquals("[1,3]", model.path("buildNumbers").toString());
        assertEquals("[\"#1\",\"#3\"]", model.path("domainAxisLabels").toString());
        assertEquals(Map.of("orders (MB)", "[1.0,3.0]"), lines(project, Measure.SIZE));
        assertEquals(Map.of("orders (s)", "[1.0,2.5]"), lines(project, Measure.TIME));
    }

    @Test
    void eachFunctionHasALineByNameWithGapsWhereABuildDidNotDeployIt() throws Exception {
        FreeStyleProject project = jenkins.createFreeStyleProject();
        deployed(project, "a", 1 << 20, 1000);
        DeployedFunction abroad = function("orders", "b", 2 << 20, 500);
        abroad.functionArn = abroad.functionArn.replace("eu-west-1", "us-east-1");
        abroad.region = "us-east-1";
        DeploymentAction.addTo(
                jenkins.buildAndAssertSuccess(project), List.of(function("payments", "a", 3 << 20, 250), abroad));

        assertEquals(
                "{orders · eu-west-1 (MB)=[1.0,null], orders · us-east-1 (MB)=[null,2.0], payments (MB)=[null,3.0]}",
                lines(project, Measure.SIZE).toString());
    }

    @Test
    void aChartOfManyFunctionsShowsTheLargestAndTheRestTogether() throws Exception {
        FreeStyleProject project = jenkins.createFreeStyleProject();
        DeploymentAction.addTo(
                jenkins.buildAndAssertSuccess(project),
                IntStream.rangeClosed(1, 11)
                        .mapToObj(number -> function("f" + number, "a" + number, number << 20, 1000))
                        .toList());

        Map<String, String> lines = lines(project, Measure.SIZE);

        assertEquals(9, lines.size());
        assertEquals("[4.0]", lines.get("f4 (MB)"));
        assertEquals("[6.0]", lines.get("3 others together (MB)"));
    }

    @Test
    void aPhaseThatSeveralFunctionsSharedIsToldSoAndCountsOnce() throws Exception {
        FreeStyleProject project = jenkins.createFreeStyleProject();
        FreeStyleBuild build = jenkins.buildAndAssertSuccess(project);
        List<DeployedFunction> functions = List.of(function("one", "a", 300, 1500), function("two", "a", 300, 1750));
        functions.forEach(function -> {
            function.files = 1;
            function.phases.add(new PhaseTime("install", 1000, 0, true));
        });
        functions.get(0).phases.add(new PhaseTime("update", 500, 300, false));
        functions.get(1).phases.add(new PhaseTime("update", 750, 300, false));
        DeploymentAction.addTo(build, functions);

        assertEquals(
                "{one (s)=[0.5], two (s)=[0.75], install and build (s)=[1.0]}",
                lines(project, Measure.TIME).toString());
        String shown = page(build.getUrl()).getBody().getTextContent();
        assertTrue(shown.contains("install (shared)"), shown);
        assertFalse(shown.contains("update (shared)"), shown);
        assertTrue(shown.contains("1 file,"), shown);
    }

    @Test
    void theChartOfSmallPackagesIsInKilobytes() throws Exception {
        FreeStyleProject project = jenkins.createFreeStyleProject();
        deployed(project, "a", 300, 1000);
        deployed(project, "b", 2048, 1000);

        assertEquals(Map.of("orders (KB)", "[0.29,2.0]"), lines(project, Measure.SIZE));
    }

    @Test
    void aSmokeTestsFiguresAreOnTheBuildsPageAndInAChartOfTheirOwn() throws Exception {
        FreeStyleProject project = jenkins.createFreeStyleProject();
        FreeStyleBuild first = deployed(project, "a", 300, 1000);
        assertFalse(trend(project, Measure.SMOKE_TEST).isTrendVisible());
        DeployedFunction tested = function("orders", "b", 300, 1000);
        tested.smokeTests.add(new SmokeTestReport(12.4, 13, 64, 131.43));
        tested.smokeTests.add(new SmokeTestReport(2, 2, 65, 0));
        FreeStyleBuild second = jenkins.buildAndAssertSuccess(project);
        DeploymentAction.addTo(second, List.of(tested));

        assertTrue(trend(project, Measure.SMOKE_TEST).isTrendVisible());
        assertEquals(Map.of("orders (ms)", "[null,14.0]"), lines(project, Measure.SMOKE_TEST));
        String shown = page(second.getUrl()).asNormalizedText();
        assertTrue(shown.contains("smoke test passed · 12 ms · 64 MB used · start 131 ms"), shown);
        assertFalse(page(first.getUrl()).asNormalizedText().contains("smoke test"));
    }

    @Test
    void aStoppedDeploymentIsShownAsStoppedWithWhatWasNotChanged() throws Exception {
        FreeStyleBuild build = jenkins.buildAndAssertSuccess(jenkins.createFreeStyleProject());
        DeploymentAction.addTo(
                build,
                FailedDeployment.stopped(
                        FailedDeployment.Kind.DEPLOYMENT,
                        List.of("orders"),
                        "eu-west-1",
                        "install",
                        "Stopped. orders: not changed."));

        String page = page(build.getUrl()).asNormalizedText();

        assertTrue(page.contains("orders · stopped in the phase install · eu-west-1"), page);
        assertTrue(page.contains("Stopped. orders: not changed."), page);
        assertFalse(page.contains("failed in"), page);
    }

    @Test
    void theAxisEndsAtARoundNumberAboveTheValues() throws Exception {
        FreeStyleProject project = jenkins.createFreeStyleProject();
        deployed(project, "a", 42 << 20, 1000);

        JsonNode model =
                new ObjectMapper().readTree(trend(project, Measure.SIZE).getBuildTrendModel());

        assertEquals(0, model.path("rangeMin").asDouble());
        assertEquals(50, model.path("rangeMax").asDouble());
    }

    @Test
    void theStepsThatFollowKnowWhatWasDeployed() throws Exception {
        FreeStyleBuild build = deployed(jenkins.createFreeStyleProject(), "a-digest", 1, 1);

        EnvVars env = build.getEnvironment(StreamTaskListener.NULL);

        assertEquals("orders", env.get("LAMBDA_FUNCTION_NAME"));
        assertEquals("arn:aws:lambda:eu-west-1:123456789012:function:orders", env.get("LAMBDA_FUNCTION_ARN"));
        assertEquals("a-digest", env.get("LAMBDA_CODE_SHA256"));
        assertNull(env.get("LAMBDA_VERSION"));
    }

    @Test
    void theVariablesOfSeveralFunctionsEndWithTheirNames() throws Exception {
        FreeStyleBuild build = jenkins.buildAndAssertSuccess(jenkins.createFreeStyleProject());
        DeployedFunction first = function("orders-worker", "a", 1, 1);
        first.version = "7";
        DeploymentAction.addTo(build, List.of(first, function("payments", "b", 1, 1)));

        EnvVars env = build.getEnvironment(StreamTaskListener.NULL);

        assertEquals("payments", env.get("LAMBDA_FUNCTION_NAME"));
        assertNull(env.get("LAMBDA_VERSION"), "the version of another function");
        assertEquals("7", env.get("LAMBDA_VERSION_ORDERS_WORKER"));
        assertEquals("a", env.get("LAMBDA_CODE_SHA256_ORDERS_WORKER"));
        assertEquals(
                "arn:aws:lambda:eu-west-1:123456789012:function:payments", env.get("LAMBDA_FUNCTION_ARN_PAYMENTS"));
        assertEquals("updated", env.get("LAMBDA_OUTCOME_PAYMENTS"));
    }

    @Test
    void functionsOfOneNameInTwoRegionsHaveNoVariablesByName() throws Exception {
        FreeStyleBuild build = jenkins.buildAndAssertSuccess(jenkins.createFreeStyleProject());
        DeployedFunction elsewhere = function("orders", "b", 1, 1);
        elsewhere.region = "us-east-1";
        elsewhere.functionArn = "arn:aws:lambda:us-east-1:123456789012:function:orders";
        DeploymentAction.addTo(build, List.of(function("orders", "a", 1, 1), elsewhere));

        EnvVars env = build.getEnvironment(StreamTaskListener.NULL);

        assertEquals("b", env.get("LAMBDA_CODE_SHA256"));
        assertNull(env.get("LAMBDA_CODE_SHA256_ORDERS"));
    }
}
