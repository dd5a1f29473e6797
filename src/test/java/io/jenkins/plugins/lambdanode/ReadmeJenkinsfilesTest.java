package io.jenkins.plugins.lambdanode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.model.FreeStyleProject;
import hudson.model.Label;
import hudson.model.Run;
import hudson.plugins.git.GitSCM;
import io.jenkins.plugins.casc.ConfigurationAsCode;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.NodeTool;
import io.jenkins.plugins.lambdanode.testing.Program;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import io.jenkins.plugins.lambdanode.testing.jenkins.Builds;
import io.jenkins.plugins.lambdanode.testing.jenkins.DockerEngine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javaposse.jobdsl.plugin.ExecuteDslScripts;
import jenkins.branch.BranchProperty;
import jenkins.branch.BranchSource;
import jenkins.branch.DefaultBranchPropertyStrategy;
import jenkins.branch.NoTriggerBranchProperty;
import jenkins.plugins.git.GitSCMSource;
import jenkins.plugins.git.traits.BranchDiscoveryTrait;
import jenkins.plugins.nodejs.tools.NodeJSInstallation;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/**
 * The Groovy of README and docs, run word for word: each block in a branch of its own of a repository with the project that the
 * pages speak of, in a Jenkins that is set up as they say.
 */
@WithJenkins
@ExtendWith(EmulatorExtension.class)
class ReadmeJenkinsfilesTest {

    /** The account in the pages' ARNs; the emulator takes it from the access key. */
    private static final String ACCOUNT = "123456789012";

    private static final String REGION = "eu-west-1";

    private static final Pattern BLOCK =
            Pattern.compile("^( *)```(groovy|yaml)\\n(.*?)^ *```", Pattern.DOTALL | Pattern.MULTILINE);

    /** What the pages take for granted in AWS: the bucket, the functions' role, and the function "orders". */
    private static final String PREPARE = """
            import boto3, io, json, sys, zipfile
            def client(service):
                return boto3.client(service, endpoint_url=sys.argv[1], region_name=sys.argv[2],
                                    aws_access_key_id=sys.argv[3], aws_secret_access_key='test')
            client('s3').create_bucket(Bucket='my-staging', CreateBucketConfiguration={'LocationConstraint': sys.argv[2]})
            role = client('iam').create_role(RoleName='orders', AssumeRolePolicyDocument=json.dumps(
                {'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Action': 'sts:AssumeRole',
                 'Principal': {'Service': 'lambda.amazonaws.com'}}]}))['Role']['Arn']
            package = io.BytesIO()
            with zipfile.ZipFile(package, 'w') as z:
                z.writestr('index.js', "exports.handler = async () => 'before'")
            for name in ['orders', 'orders-worker']:
                client('lambda').create_function(FunctionName=name, Role=role, Runtime='nodejs22.x', Handler='index.handler',
                                                 Code={'ZipFile': package.getvalue()})
            for name in ['orders-errors', 'orders-latency']:
                client('cloudwatch').put_metric_alarm(AlarmName=name, Namespace='Orders', MetricName='Errors', Statistic='Sum',
                    Period=60, EvaluationPeriods=1, Threshold=1, ComparisonOperator='GreaterThanThreshold')
            """;

    /** The image in the pages; it is made where there is none. */
    private static final String NODE_IMAGE = "node:24-slim";

    private static JenkinsRule jenkins;
    private static boolean makesImage;

    @TempDir
    private static Path repository;

    @TempDir
    private static Path image;

    private record Block(String page, int number, String language, String text) {
        String branch() {
            return page.replaceAll("[/.]", "-") + "-" + number;
        }

        boolean isJobDsl() {
            return text.startsWith("job(") || text.startsWith("pipelineJob(");
        }

        /** Which needs builds before it. */
        boolean isRollback() {
            return text.startsWith("lambdaNodeRollback ");
        }

        /** Whether what it needs is here. */
        boolean canRun() {
            return !isJobDsl()
                    && !isRollback()
                    && !text.contains("podTemplate(")
                    && (!text.contains("docker") || DockerEngine.isThere());
        }

        /** A whole Pipeline as it is, but for questions to people; steps in a node with the sources. A rollout takes seconds here. */
        String jenkinsfile() {
            return whole().replaceAll("'(Canary|Linear)\\w+'", "[percent: 50, every: 0.05]");
        }

        private String whole() {
            return text.contains("pipeline {") || text.contains("node(") || text.contains("node {")
                    ? text.replaceAll("(?m)^( *)input ", "$1echo ")
                    : "node('linux') {\ncheckout scm\n" + text + "}\n";
        }
    }

    @BeforeAll
    static void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        Emulator.MINISTACK.accept(ACCOUNT, Aws.SECRET_KEY, "");
        Program.python(PREPARE, Aws.endpoint().toString(), REGION, ACCOUNT);
        for (Block block : blocks("yaml")) {
            if (block.text().contains("unclassified:")) {
                Path file = Files.writeString(repository.resolveSibling("jenkins.yaml"), block.text());
                ConfigurationAsCode.get().configure(file.toString());
            }
        }
        LambdaNodeConfiguration.get().setEndpointUrl(Aws.endpoint().toString());
        Aws.addCredentials(Aws.CREDENTIALS_ID, ACCOUNT, Aws.SECRET_KEY);
        jenkins.jenkins
                .getDescriptorByType(NodeJSInstallation.DescriptorImpl.class)
                .setInstallations(
                        new NodeJSInstallation("node-24", NodeTool.NODE.home().toString(), List.of()));
        GitSCM.ALLOW_LOCAL_CHECKOUT = true;
        jenkins.createOnlineSlave(Label.get("linux"));
        makesImage = DockerEngine.isThere() && !DockerEngine.hasImage(NODE_IMAGE);
        if (makesImage) {
            DockerEngine.makeImage(image, NODE_IMAGE);
        }
    }

    @AfterAll
    static void stop() throws Exception {
        GitSCM.ALLOW_LOCAL_CHECKOUT = false;
        if (makesImage) {
            DockerEngine.removeImage(NODE_IMAGE);
        }
        jenkins.after();
        jenkins = null;
    }

    private static List<Block> blocks(String language) throws IOException {
        List<Path> pages = new ArrayList<>(List.of(Path.of("README.md")));
        try (Stream<Path> docs = Files.list(Path.of("docs"))) {
            docs.filter(page -> page.toString().endsWith(".md")).sorted().forEach(pages::add);
        }
        List<Block> blocks = new ArrayList<>();
        for (Path page : pages) {
            int number = 0;
            for (Matcher block = BLOCK.matcher(Files.readString(page)); block.find(); ) {
                number++;
                if (block.group(2).equals(language)) {
                    blocks.add(new Block(page.toString(), number, language, block.group(3)));
                }
            }
        }
        return blocks;
    }

    private static void git(String... words) {
        List<String> command = new ArrayList<>(List.of("git", "-c", "user.name=A", "-c", "user.email=a@example.org"));
        command.addAll(List.of(words));
        Program.run(repository, Map.of(), command).successful();
    }

    private static void writeProject(String folder) throws IOException {
        Path project = Files.createDirectories(repository.resolve(folder));
        Path local = Files.createDirectories(project.resolve("greeting"));
        Files.writeString(local.resolve("package.json"), "{\"name\":\"greeting\",\"version\":\"1.0.0\"}");
        Files.writeString(local.resolve("index.js"), "module.exports = 'hello';\n");
        Files.writeString(project.resolve("package.json"), """
                {"name": "orders", "version": "1.0.0", "dependencies": {"greeting": "file:greeting"},
                 "scripts": {"build": "node -e \\"fs.cpSync('index.js', 'dist/index.js')\\""}}
                """);
        Files.writeString(
                project.resolve("index.js"),
                "exports.handler = async () => ({ statusCode: 200, body: require('greeting') });\n");
        Program.run(project, Map.of(), List.of("npm", "install", "--package-lock-only", "--no-audit", "--no-fund"))
                .successful();
    }

    @Test
    void everyPipelineOfThePagesRunsAsItIsWritten() throws Exception {
        Map<String, Block> pipelines = new LinkedHashMap<>();
        git("init", "-q", "-b", "main");
        writeProject(".");
        writeProject("functions/orders");
        git("add", "-A");
        git("commit", "-q", "-m", "project");
        for (Block block : blocks("groovy")) {
            if (block.canRun()) {
                pipelines.put(block.branch(), block);
                git("checkout", "-q", "-b", block.branch(), "main");
                Files.writeString(repository.resolve("Jenkinsfile"), block.jenkinsfile());
                git("add", "-A");
                git("commit", "-q", "-m", "Jenkinsfile");
            }
        }
        WorkflowMultiBranchProject project = jenkins.createProject(WorkflowMultiBranchProject.class, "pages");
        GitSCMSource source = new GitSCMSource(repository.toString());
        source.setTraits(List.of(new BranchDiscoveryTrait()));
        BranchSource branches = new BranchSource(source);
        branches.setStrategy(new DefaultBranchPropertyStrategy(new BranchProperty[] {new NoTriggerBranchProperty()}));
        project.getSourcesList().add(branches);

        project.scheduleBuild2(0).getFuture().get();

        assertTrue(pipelines.size() >= 3, pipelines.keySet().toString());
        // One after the other, as a reader would: they deploy the same functions, and a shift of traffic bears no other
        // deployment.
        for (String branch : pipelines.keySet()) {
            Run<?, ?> build = jenkins.buildAndAssertSuccess(project.getItemByBranchName(branch));
            assertTrue(build.getHasArtifacts(), branch + " has recorded no deployment");
        }
        jenkins.assertLogContains(
                "(" + NodeTool.NODE.bin() + "/npm)",
                project.getItemByBranchName("README-md-2").getLastBuild());
    }

    @Test
    void theRollbackOfThePagesTakesTheAliasBackToWhatTheJobDeployedBefore() throws Exception {
        WorkflowJob job = jenkins.createProject(WorkflowJob.class, "rolled-back");
        for (String answer : List.of("one", "two")) {
            job.setDefinition(new CpsFlowDefinition(
                    "node('linux') {\n" + Builds.project(answer)
                            + "lambdaNodeDeploy functionName: 'orders', dir: 'fn', alias: 'live', credentialsId: 'aws-deploy'\n}",
                    true));
            jenkins.buildAndAssertSuccess(job);
        }
        int run = 0;
        for (Block block : blocks("groovy")) {
            if (block.isRollback()) {
                job.setDefinition(new CpsFlowDefinition(block.text(), true));
                jenkins.assertLogContains(", which build #1 released", jenkins.buildAndAssertSuccess(job));
                run++;
            }
        }
        assertEquals(1, run);
    }

    @Test
    void everyJobOfThePagesIsMade() throws Exception {
        int jobs = 0;
        for (Block block : blocks("groovy")) {
            if (block.isJobDsl()) {
                FreeStyleProject seed = jenkins.createFreeStyleProject();
                ExecuteDslScripts dsl = new ExecuteDslScripts();
                dsl.setScriptText(block.text());
                seed.getBuildersList().add(dsl);
                jenkins.buildAndAssertSuccess(seed);
                jobs++;
            }
        }
        LambdaNodeDeployStep made = jenkins.jenkins
                .getItemByFullName("orders", FreeStyleProject.class)
                .getBuildersList()
                .get(LambdaNodeDeployBuilder.class)
                .getSettings();
        assertEquals("orders", made.getFunctionName());
        assertTrue(jobs > 0);
    }
}
