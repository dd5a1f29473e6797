package io.jenkins.plugins.lambdanode.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudbees.hudson.plugins.folder.Folder;
import com.cloudbees.hudson.plugins.folder.properties.FolderCredentialsProvider.FolderCredentialsProperty;
import com.cloudbees.jenkins.plugins.awscredentials.AWSCredentialsImpl;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.domains.Domain;
import com.cloudbees.plugins.credentials.domains.DomainCredentials;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import hudson.EnvVars;
import hudson.model.Label;
import hudson.model.Result;
import io.jenkins.plugins.lambdanode.LambdaNodeConfiguration;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.Wire;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import io.jenkins.plugins.lambdanode.testing.jenkins.Builds;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** With whose credentials a build deploys. */
@WithJenkins
@ExtendWith(EmulatorExtension.class)
class AwsAccessTest {

    private static JenkinsRule jenkins;

    @BeforeAll
    static void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        Builds.startAgent(jenkins);
    }

    @AfterAll
    static void stop() throws Exception {
        jenkins.after();
        jenkins = null;
    }

    private static String script(String function, String more) {
        return "node('agent') {\n" + Builds.WRITE_PROJECT + "lambdaNodeDeploy functionName: '" + function
                + "', dir: 'fn', create: [role: '" + Aws.ROLE + "']" + more + "\n}";
    }

    private static WorkflowRun build(String name, String more, Result expected) throws Exception {
        return Builds.run(jenkins, name, script(name, more), expected);
    }

    @Test
    void credentialsOfAFolderAreForItsJobsAndTheirUseIsTracked() throws Exception {
        AWSCredentialsImpl credentials =
                new AWSCredentialsImpl(CredentialsScope.GLOBAL, "team-aws", Aws.ACCESS_KEY, Aws.SECRET_KEY, "");
        Folder team = jenkins.createProject(Folder.class, "team");
        team.addProperty(new FolderCredentialsProperty(
                new DomainCredentials[] {new DomainCredentials(Domain.global(), List.of(credentials))}));
        Folder others = jenkins.createProject(Folder.class, "others");
        CpsFlowDefinition pipeline =
                new CpsFlowDefinition(script("team-function", ", credentialsId: 'team-aws'"), true);
        WorkflowJob inside = team.createProject(WorkflowJob.class, "job");
        inside.setDefinition(pipeline);
        WorkflowJob outside = others.createProject(WorkflowJob.class, "job");
        outside.setDefinition(pipeline);

        Builds.assertOneError(
                jenkins.buildAndAssertStatus(Result.FAILURE, outside),
                "There are no AWS credentials with the ID 'team-aws' that this job may use.");
        jenkins.buildAndAssertStatus(Result.SUCCESS, inside);

        assertEquals(
                List.of("team/job"),
                List.copyOf(CredentialsProvider.getFingerprintOf(credentials).getJobs()));
    }

    @Test
    void variablesAroundTheStepAreUsed() throws Exception {
        String[] keys = Aws.newUser();
        Aws.addCredentials("bound", keys[0], keys[1]);
        Builds.run(
                jenkins,
                "variables",
                "node('agent') {\n" + Builds.WRITE_PROJECT
                        + "withCredentials([[$class: 'AmazonWebServicesCredentialsBinding', credentialsId: 'bound']]) {\n"
                        + "lambdaNodeDeploy functionName: 'variables', dir: 'fn', create: [role: '" + Aws.ROLE
                        + "']\n} }",
                Result.SUCCESS);

        assertTrue(Aws.function("variables").isPresent());
    }

    /**
     * Each way to name an endpoint, in the order of docs/credentials.md: where it counts, all that count less lead elsewhere, as
     * do the variables of the job.
     */
    private enum Way {
        STEP,
        GLOBAL,
        VARIABLE,
        PROFILE
    }

    @TempDir
    private Path aws;

    @ParameterizedTest
    @EnumSource
    void allThatCarriesCodeGoesWhereTheReadsGo(Way way) throws Exception {
        String name = "endpoint-by-" + way.name().toLowerCase(Locale.ROOT);
        String layer = "def deploy(more) { lambdaNodeDeploy(more + [functionName: '" + name
                + "', dir: 'fn', install: 'none', "
                + "dependencies: 'layer', credentialsId: 'aws-deploy', create: [role: '" + Aws.ROLE + "']]) }\n";
        LambdaNodeConfiguration global = LambdaNodeConfiguration.get();
        String before = global.getEndpointUrl();
        try (Wire right = new Wire(Aws.endpoint());
                Wire wrong = new Wire(Aws.endpoint())) {
            String elsewhere = wrong.endpoint().toString();
            String here = right.endpoint().toString();
            String more = way == Way.STEP ? "[endpointUrl: '" + here + "']" : "[:]";
            global.setEndpointUrl(way == Way.STEP ? elsewhere : way == Way.GLOBAL ? here : "");
            if (way != Way.PROFILE) {
                System.setProperty("aws.endpointUrl", way == Way.VARIABLE ? here : elsewhere);
            }
            Path profile = Files.writeString(
                    aws.resolve("config"),
                    "[default]\nservices = some\n[services some]\n" + "lambda =\n  endpoint_url = "
                            + (way == Way.PROFILE ? here : elsewhere) + "\n");
            System.setProperty("aws.configFile", profile.toString());

            WorkflowRun run = Builds.run(
                    jenkins,
                    name,
                    layer + "node('agent') { withEnv(['AWS_ENDPOINT_URL=" + elsewhere + "', 'AWS_ENDPOINT_URL_LAMBDA="
                            + elsewhere
                            + "']) {\n" + Builds.WRITE_PROJECT
                            + "writeFile file: 'fn/package.json', text: '{\"dependencies\":"
                            + "{\"one\":\"1.0.0\"}}'\n"
                            + "writeFile file: 'fn/node_modules/one/package.json', text: '{\"version\":\"1.0.0\"}'\n"
                            + "deploy(" + more + ")\n" + Builds.project("changed") + "deploy(" + more + ")\n} }",
                    Result.SUCCESS);

            List<String> sent =
                    right.requests().stream().map(Wire.Request::line).toList();
            for (String request : List.of(
                    "GET /2015-03-31/functions/" + name + "/configuration",
                    "POST /2018-10-31/layers/" + name + "-dependencies/versions",
                    "POST /2015-03-31/functions",
                    "PUT /2015-03-31/functions/" + name + "/code")) {
                assertTrue(sent.contains(request), request + " is not among " + sent);
            }
            assertEquals(List.of(), wrong.requests());
            // The machine's own configuration redirects no job silently.
            assertEquals(
                    way == Way.VARIABLE || way == Way.PROFILE,
                    JenkinsRule.getLog(run)
                            .contains("Endpoints by the AWS configuration of this machine (AWS_ENDPOINT_URL,"
                                    + " endpoint_url): Lambda at " + here),
                    JenkinsRule.getLog(run));
        } finally {
            System.clearProperty("aws.endpointUrl");
            System.clearProperty("aws.configFile");
            global.setEndpointUrl(before);
        }
    }

    @Test
    void aRoleIsAssumedWithItsExternalId() throws Exception {
        String role = Aws.newRole("order-4711");

        WorkflowRun refused = build(
                "role-refused",
                ", credentialsId: 'aws-deploy', roleArn: '" + role + "', externalId: 'other'",
                Result.FAILURE);
        build(
                "role",
                ", credentialsId: 'aws-deploy', roleArn: '" + role + "', externalId: 'order-4711'",
                Result.SUCCESS);

        Builds.assertOneError(refused, "The role " + role + " could not be assumed");
        assertTrue(Aws.function("role").isPresent());
    }

    @Test
    void theAgentsRoleIsAskedForOnTheAgent() throws Exception {
        String[] session = Aws.newSession();
        String json = "{\n  \"Code\" : \"Success\",\n  \"AccessKeyId\" : \"" + session[0]
                + "\",\n  \"SecretAccessKey\" : \"" + session[1] + "\",\n  \"Token\" : \"" + session[2]
                + "\",\n  \"Expiration\" : \""
                + Instant.now().plus(1, ChronoUnit.HOURS).truncatedTo(ChronoUnit.SECONDS) + "\"\n}";
        HttpServer metadata = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        String roles = "/latest/meta-data/iam/security-credentials/";
        String token = "token-of-the-metadata-service";
        metadata.createContext(
                "/latest/api/token",
                exchange -> answer(exchange, exchange.getRequestMethod().equals("PUT"), token));
        metadata.createContext(
                roles,
                exchange -> answer(
                        exchange,
                        token.equals(exchange.getRequestHeaders().getFirst("X-aws-ec2-metadata-token")),
                        exchange.getRequestURI().getPath().equals(roles) ? "agents-role" : json));
        metadata.start();
        try {
            jenkins.createOnlineSlave(
                    Label.get("with-role"),
                    new EnvVars(
                            "AWS_EC2_METADATA_SERVICE_ENDPOINT",
                            "http://127.0.0.1:" + metadata.getAddress().getPort()));
            WorkflowRun run = Builds.run(
                    jenkins,
                    "agent-identity",
                    script("agent-identity", ", agentIdentity: true").replace("'agent')", "'with-role')"),
                    Result.SUCCESS);

            jenkins.assertLogNotContains(session[1], run);
            assertTrue(Aws.function("agent-identity").isPresent());
        } finally {
            metadata.stop(0);
        }
    }

    private static void answer(HttpExchange exchange, boolean allowed, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(allowed ? 200 : 401, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    @Test
    void theControllersIdentityIsUsedOnlyWhereAnAdministratorAllowsIt() throws Exception {
        System.setProperty("aws.accessKeyId", Aws.ACCESS_KEY);
        System.setProperty("aws.secretAccessKey", Aws.SECRET_KEY);
        try {
            WorkflowRun refused = build("controller-refused", "", Result.FAILURE);
            Builds.assertOneError(refused, "No AWS credentials. Give the step one of these: credentialsId");
            for (String way :
                    List.of("AWS_* variables", "agentIdentity: true", "allow the controller's AWS identity")) {
                jenkins.assertLogContains(way, refused);
            }

            LambdaNodeConfiguration.get().setControllerIdentityAllowed(true);
            build("controller", "", Result.SUCCESS);

            assertTrue(Aws.function("controller").isPresent());
        } finally {
            LambdaNodeConfiguration.get().setControllerIdentityAllowed(false);
            System.clearProperty("aws.accessKeyId");
            System.clearProperty("aws.secretAccessKey");
        }
    }
}
