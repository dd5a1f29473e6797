package io.jenkins.plugins.lambdanode.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.ProxyConfiguration;
import hudson.model.Label;
import hudson.model.Result;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import io.jenkins.plugins.lambdanode.testing.jenkins.Builds;
import io.jenkins.plugins.lambdanode.testing.jenkins.TcpProxy;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

@WithJenkins
@ExtendWith(EmulatorExtension.class)
class JenkinsProxyTest {

    /** No name server knows it (RFC 6761): only a proxy can bring a request there. */
    private static final String ENDPOINT = "http://aws.invalid";

    @Test
    void controllerAndAgentReachAwsThroughTheProxyOfManageJenkins(JenkinsRule jenkins) throws Exception {
        Aws.configureJenkins();
        Aws.createBucket();
        jenkins.createOnlineSlave(Label.get("agent"));
        try (TcpProxy proxy = new TcpProxy("127.0.0.1", Aws.endpoint().getPort()).asProxyFor(ENDPOINT)) {
            jenkins.jenkins.setProxy(new ProxyConfiguration("127.0.0.1", proxy.port(), null, null, ""));
            assertDeployed(jenkins, "proxy-direct", "");
            assertDeployed(jenkins, "proxy-staged", ", s3Bucket: '" + Aws.BUCKET + "', s3Threshold: 0");

            jenkins.jenkins.setProxy(new ProxyConfiguration("127.0.0.1", proxy.port(), null, null, "aws.invalid"));
            WorkflowRun past = run(jenkins, "proxy-passed-by", "", Result.FAILURE);
            jenkins.assertLogContains("aws.invalid", past);
            assertTrue(Aws.function("proxy-passed-by").isEmpty());
        }
    }

    @Test
    void aProxyWithoutAPortIsSaidSo(JenkinsRule jenkins) throws Exception {
        Aws.configureJenkins();
        jenkins.createOnlineSlave(Label.get("agent"));
        jenkins.jenkins.setProxy(new ProxyConfiguration("proxy.invalid", 0));

        WorkflowRun run = run(jenkins, "proxy-without-port", "", Result.FAILURE);

        Builds.assertOneError(run, "The proxy proxy.invalid has no port.");
    }

    private static void assertDeployed(JenkinsRule jenkins, String name, String more) throws Exception {
        WorkflowRun run = run(jenkins, name, more, Result.SUCCESS);
        assertEquals(
                Aws.function(name).orElseThrow().codeSha256(),
                Builds.record(run, name).path("CodeSha256").asText());
    }

    private static WorkflowRun run(JenkinsRule jenkins, String name, String more, Result expected) throws Exception {
        return Builds.run(
                jenkins,
                name,
                "node('agent') {\n" + Builds.project(name) + "lambdaNodeDeploy functionName: '" + name + "', dir: 'fn',"
                        + " credentialsId: 'aws-deploy', endpointUrl: '" + ENDPOINT + "', create: [role: '" + Aws.ROLE
                        + "']"
                        + more + "\n}",
                expected);
    }
}
