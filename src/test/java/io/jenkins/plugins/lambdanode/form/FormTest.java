package io.jenkins.plugins.lambdanode.form;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudbees.jenkins.plugins.awscredentials.AWSCredentialsImpl;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import com.cloudbees.plugins.credentials.impl.UsernamePasswordCredentialsImpl;
import hudson.model.FreeStyleProject;
import io.jenkins.plugins.lambdanode.FunctionConfiguration;
import io.jenkins.plugins.lambdanode.LambdaNodeConfiguration;
import io.jenkins.plugins.lambdanode.LambdaNodeDeployBuilder;
import io.jenkins.plugins.lambdanode.LambdaNodeDeployStep;
import io.jenkins.plugins.lambdanode.SmokeTest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.htmlunit.html.HtmlElement;
import org.htmlunit.html.HtmlForm;
import org.htmlunit.html.HtmlInput;
import org.htmlunit.html.HtmlOption;
import org.htmlunit.html.HtmlPage;
import org.htmlunit.html.HtmlSelect;
import org.htmlunit.html.HtmlTextArea;
import org.jenkinsci.plugins.structs.describable.DescribableModel;
import org.jenkinsci.plugins.workflow.cps.SnippetizerTester;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** The form that the Pipeline step and the freestyle build step share: what is typed in is what is kept. */
@WithJenkins
class FormTest {

    private static final String AWS_CREDENTIALS = "aws-for-forms";
    private static final String OTHER_CREDENTIALS = "a-password";

    private static JenkinsRule jenkins;

    @BeforeAll
    static void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        SystemCredentialsProvider store = SystemCredentialsProvider.getInstance();
        store.getCredentials()
                .add(new AWSCredentialsImpl(
                        CredentialsScope.GLOBAL, AWS_CREDENTIALS, "AKIAEXAMPLE", "secret", "for forms"));
        store.getCredentials()
                .add(new UsernamePasswordCredentialsImpl(
                        CredentialsScope.GLOBAL, OTHER_CREDENTIALS, "no AWS", "somebody", "a-long-enough-password"));
        store.save();
    }

    @AfterAll
    static void stop() throws Exception {
        jenkins.after();
        jenkins = null;
    }

    private static LambdaNodeDeployStep everySetting() {
        LambdaNodeDeployStep step = new LambdaNodeDeployStep("orders-${BRANCH_NAME}");
        step.setFunctionNames("payments\narn:aws:lambda:eu-west-1:123456789012:function:refunds");
        step.setRegion("eu-west-1");
        step.setCredentialsId(AWS_CREDENTIALS);
        step.setRoleArn("arn:aws:iam::123456789012:role/deploy");
        step.setExternalId("an external id");
        step.setRoleSessionName("session");
        step.setAgentIdentity(true);
        step.setDir("services/orders");
        step.setBuild("npm run build");
        step.setCodeDir("dist");
        step.setZipFile("orders.zip");
        step.setFrom("deployed.json");
        step.setInstall("yarn install --production");
        step.setIncludes("dist/**, node_modules/**");
        step.setExcludes("test/**\n**/*.map");
        step.setSymlinks("store");
        step.setCompressionLevel(9);
        step.setDependencies("layer");
        step.setLayerName("orders-modules");
        step.setKeepLayerVersions(3);
        step.setS3Bucket("my-staging");
        step.setS3Prefix("lambda/");
        step.setS3Threshold(0);
        step.setS3Sse("aws:kms");
        step.setS3KmsKeyId("alias/staging");
        step.setPublish(true);
        step.setAlias("live");
        SmokeTest test = new SmokeTest();
        test.setPayload("{\"ping\": \"<b>\"}");
        test.setExpect("test/expected.json");
        step.setSmokeTest(List.of(test));
        step.setRollout("percent=20,every=5");
        step.setAlarms("orders-errors\norders-latency");
        step.setKeepVersions(5);
        step.setArchitectures("arm64");
        step.setDryRun(true);
        step.setRevisionId("4a9e");
        step.setSourceKmsKeyArn("arn:aws:kms:eu-west-1:123456789012:key/1234");
        step.setDeleteWithBranch(true);
        step.setForce(true);
        step.setWaitTimeout(25);
        step.setUnstableOn("warning");
        step.setEndpointUrl("https://vpce-0123.lambda.eu-west-1.vpce.amazonaws.com");
        FunctionConfiguration create = new FunctionConfiguration("arn:aws:iam::123456789012:role/orders");
        create.setRuntime("nodejs22.x");
        create.setHandler("src/main.handler");
        create.setMemorySize(512);
        create.setTimeout(60);
        create.setEnvironment("A=1\nB=two words");
        create.setLayers("arn:aws:lambda:eu-west-1:123456789012:layer:one:1");
        create.setDescription("Takes \"orders\" & <more>");
        step.setCreate(create);
        return step;
    }

    private static LambdaNodeDeployStep onlyNamed() {
        return new LambdaNodeDeployStep("orders");
    }

    /** Everything that a Pipeline would have to write down to get the same settings. */
    private static String written(LambdaNodeDeployStep step) {
        return DescribableModel.of(LambdaNodeDeployStep.class)
                .uninstantiate2(step)
                .toString();
    }

    private static FreeStyleProject freestyle(LambdaNodeDeployStep settings) throws Exception {
        FreeStyleProject project = jenkins.createFreeStyleProject();
        project.getBuildersList().add(new LambdaNodeDeployBuilder(settings));
        return project;
    }

    private static LambdaNodeDeployStep settings(FreeStyleProject project) {
        return project.getBuildersList().get(LambdaNodeDeployBuilder.class).getSettings();
    }

    @Test
    void everySettingOfAFreestyleJobSurvivesItsForm() throws Exception {
        FreeStyleProject project = freestyle(everySetting());

        jenkins.configRoundtrip(project);

        assertEquals(written(everySetting()), written(settings(project)));
    }

    @Test
    void theTestsSettingsDifferFromTheDefaultsInEveryField() {
        int settable =
                DescribableModel.of(LambdaNodeDeployStep.class).getParameters().size();

        assertEquals(
                settable,
                DescribableModel.of(LambdaNodeDeployStep.class)
                        .uninstantiate2(everySetting())
                        .getArguments()
                        .size());
    }

    @Test
    void theFormOfAFreestyleJobAddsNothingToADefault() throws Exception {
        FreeStyleProject project = freestyle(onlyNamed());

        jenkins.configRoundtrip(project);

        assertEquals(written(onlyNamed()), written(settings(project)));
        assertNull(settings(project).getCreate());
        assertNull(settings(project).getS3Threshold());
    }

    @Test
    void whatIsLeftEmptyWhereAFunctionIsToBeCreatedStaysEmpty() throws Exception {
        LambdaNodeDeployStep step = onlyNamed();
        step.setCreate(new FunctionConfiguration("arn:aws:iam::123456789012:role/orders"));
        FreeStyleProject project = freestyle(step);

        jenkins.configRoundtrip(project);

        assertEquals(written(step), written(settings(project)));
        assertNull(settings(project).getCreate().getMemorySize());
    }

    @Test
    void everySettingOfAFreestyleJobSurvivesAReload() throws Exception {
        FreeStyleProject project = freestyle(everySetting());
        project.save();

        jenkins.jenkins.reload();

        FreeStyleProject reloaded = jenkins.jenkins.getItemByFullName(project.getFullName(), FreeStyleProject.class);
        assertEquals(written(everySetting()), written(settings(reloaded)));
    }

    @Test
    void aNumberThatIsDeletedIsTheDefaultAgain() throws Exception {
        LambdaNodeDeployStep step = everySetting();
        FreeStyleProject project = freestyle(step);
        HtmlForm form = jenkins.createWebClient().getPage(project, "configure").getFormByName("config");
        form.getInputByName("_.compressionLevel").setValue("");
        form.getInputByName("_.s3Threshold").setValue("");
        form.getInputByName("_.keepLayerVersions").setValue("");
        form.getInputByName("_.memorySize").setValue("");

        jenkins.submit(form);

        assertNull(settings(project).getCompressionLevel());
        assertNull(settings(project).getS3Threshold());
        assertNull(settings(project).getKeepLayerVersions());
        assertNull(settings(project).getCreate().getMemorySize());
    }

    @Test
    void theSnippetGeneratorWritesOnlyWhatIsChosen() throws Exception {
        new SnippetizerTester(jenkins).assertRoundTrip(onlyNamed(), "lambdaNodeDeploy functionName: 'orders'");
    }

    @Test
    void theSnippetGeneratorWritesWhatTheReadmeShows() throws Exception {
        Matcher call = Pattern.compile("(?s)steps \\{\\s+(lambdaNodeDeploy .*?)\n +}")
                .matcher(Files.readString(Path.of("README.md")));
        assertTrue(call.find());
        LambdaNodeDeployStep step = onlyNamed();
        step.setAlias("live");
        step.setCredentialsId("aws-deploy");
        step.setDir("functions/orders");
        step.setRegion("eu-west-1");
        step.setS3Bucket("my-staging");

        new SnippetizerTester(jenkins).assertRoundTrip(step, call.group(1).replaceAll("\\s+", " "));
    }

    @Test
    void theSnippetGeneratorsPageWritesOnlyWhatIsTypedIn() throws Exception {
        WorkflowJob job = jenkins.createProject(WorkflowJob.class, "with-syntax-page");
        JenkinsRule.WebClient client = jenkins.createWebClient();
        HtmlPage page = client.getPage(job, "pipeline-syntax/");
        HtmlSelect steps = page.querySelector("select.dropdownList");
        steps.setSelectedAttribute(
                steps.getOptions().stream()
                        .filter(option -> option.getText().startsWith("lambdaNodeDeploy:"))
                        .findFirst()
                        .orElseThrow(),
                true);
        client.waitForBackgroundJavaScript(10_000);
        HtmlInput name = page.getElementsByName("_.functionName").stream()
                .map(HtmlInput.class::cast)
                .filter(HtmlInput::isDisplayed)
                .findFirst()
                .orElseThrow();
        name.setValue("orders");

        ((HtmlElement) page.getElementById("generatePipelineScript")).click();
        client.waitForBackgroundJavaScript(10_000);

        HtmlTextArea script = (HtmlTextArea) page.getElementById("prototypeText");
        assertEquals("lambdaNodeDeploy functionName: 'orders'", script.getText());
    }

    @Test
    void theSnippetGeneratorWritesNothingForTheFormsDefaults() throws Exception {
        new SnippetizerTester(jenkins)
                .assertGenerateSnippet(
                        "{'stapler-class':'" + LambdaNodeDeployStep.class.getName() + "', 'functionName':'orders',"
                                + " 'functionNames':'', 'region':'', 'credentialsId':'', 'dir':'.', 'install':'auto',"
                                + " 'dependencies':'package', 'layerName':'',"
                                + " 'keepLayerVersions':'', 'excludes':'', 'includes':'', 's3Bucket':'', 's3Prefix':'', 's3Threshold':'', 's3Sse':'', 's3KmsKeyId':'',"
                                + " 'publish':false, 'alias':'', 'roleArn':'', 'externalId':'', 'roleSessionName':'',"
                                + " 'agentIdentity':false, 'architectures':'', 'symlinks':'follow', 'compressionLevel':'',"
                                + " 'force':false, 'dryRun':false, 'waitTimeout':'', 'unstableOn':'never', 'revisionId':'',"
                                + " 'sourceKmsKeyArn':'', 'endpointUrl':''}",
                        "lambdaNodeDeploy functionName: 'orders'",
                        null);
    }

    @Test
    void theSnippetGeneratorsScriptForAFunctionToCreateGivesTheSameSettings() throws Exception {
        LambdaNodeDeployStep step = onlyNamed();
        step.setFunctionNames("payments, refunds");
        step.setPublish(true);
        FunctionConfiguration create = new FunctionConfiguration("arn:aws:iam::123456789012:role/orders");
        create.setTimeout(30);
        step.setCreate(create);

        new SnippetizerTester(jenkins)
                .assertRoundTrip(
                        step,
                        "lambdaNodeDeploy functionName: 'orders',"
                                + " create: [role: 'arn:aws:iam::123456789012:role/orders', timeout: 30],"
                                + " functionNames: 'payments, refunds', publish: true");
    }

    @Test
    void theFormOffersAwsCredentialsOnly() throws Exception {
        FreeStyleProject project = freestyle(onlyNamed());

        List<String> offered = options(select(project, "credentialsId"));

        assertEquals(List.of("", AWS_CREDENTIALS), offered);
    }

    @Test
    void theRegionIsTypedInOrChosenOfThoseOfLambda() {
        assertTrue(
                Regions.items().containsAll(List.of("eu-west-1", "us-east-1", "cn-north-1")),
                Regions.items().toString());
        assertFalse(Regions.items().contains("aws-global"));
    }

    @Test
    void whatIsInheritedFromTheGlobalPageIsShownInTheEmptyFields() throws Exception {
        LambdaNodeConfiguration global = LambdaNodeConfiguration.get();
        global.setRegion("eu-central-1");
        global.setS3Bucket("for-all");
        global.setS3Prefix("staged/");
        global.setEndpointUrl("https://aws.example.com");

        HtmlPage page = page(freestyle(onlyNamed()));

        for (var inherited : Map.of(
                        "region",
                        "eu-central-1",
                        "s3Bucket",
                        "for-all",
                        "s3Prefix",
                        "staged/",
                        "endpointUrl",
                        "https://aws.example.com")
                .entrySet()) {
            HtmlInput field = page.getFirstByXPath("//*[@name='builder']//input[@name='_." + inherited.getKey() + "']");
            assertEquals(inherited.getValue(), field.getPlaceholder());
            assertEquals("", field.getValue());
        }
    }

    @Test
    void theFormSaysWhileTypingWhatIsWrong() throws Exception {
        LambdaNodeDeployStep step = onlyNamed();
        step.setFunctionName("not a function");
        step.setS3Bucket("s3://my-staging/lambda");

        String text = page(freestyle(step)).asNormalizedText();

        assertTrue(text.contains("Name the bucket alone"), text);
        assertTrue(text.contains("not a function"), text);
    }

    private static HtmlPage page(FreeStyleProject project) throws Exception {
        JenkinsRule.WebClient client = jenkins.createWebClient();
        HtmlPage page = client.getPage(project, "configure");
        client.waitForBackgroundJavaScript(10_000);
        return page;
    }

    /** A drop-down of the build step; other parts of the page may have one of the same name. */
    private static HtmlSelect select(FreeStyleProject project, String field) throws Exception {
        return page(project).getFirstByXPath("//*[@name='builder']//select[@name='_." + field + "']");
    }

    private static List<String> options(HtmlSelect select) {
        return select.getOptions().stream().map(HtmlOption::getValueAttribute).toList();
    }
}
