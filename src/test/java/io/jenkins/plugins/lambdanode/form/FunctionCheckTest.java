package io.jenkins.plugins.lambdanode.form;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudbees.jenkins.plugins.awscredentials.AWSCredentialsImpl;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import com.sun.net.httpserver.HttpServer;
import hudson.model.FreeStyleProject;
import hudson.model.Item;
import hudson.security.AuthorizationStrategy;
import hudson.security.csrf.CrumbIssuer;
import io.jenkins.plugins.lambdanode.LambdaNodeDeployBuilder;
import io.jenkins.plugins.lambdanode.LambdaNodeDeployStep;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import jenkins.model.Jenkins;
import org.htmlunit.HttpMethod;
import org.htmlunit.WebRequest;
import org.htmlunit.WebResponse;
import org.htmlunit.html.HtmlElement;
import org.htmlunit.html.HtmlPage;
import org.htmlunit.util.NameValuePair;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.MockAuthorizationStrategy;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.Runtime;

/** The form's Check button and drop-downs, and who may use them. */
@WithJenkins
@ExtendWith(EmulatorExtension.class)
class FunctionCheckTest {

    private static final String DESCRIPTOR = "descriptorByName/io.jenkins.plugins.lambdanode.LambdaNodeDeployStep/";
    private static final String FUNCTION = "to-be-checked";
    private static final String WRONG_CREDENTIALS = "aws-wrong";
    private static final String WRONG_SECRET = "s3cr3t-of-nobody";
    private static final String CONFIGURER = "configurer";
    private static final String READER = "reader";
    private static final String EXTENDED_READER = "extended-reader";

    private static JenkinsRule jenkins;
    private static FreeStyleProject project;

    private HttpServer elsewhere;
    private AtomicInteger callsElsewhere;

    @BeforeAll
    static void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        Aws.configureJenkins();
        SystemCredentialsProvider.getInstance()
                .getCredentials()
                .add(new AWSCredentialsImpl(
                        CredentialsScope.GLOBAL, WRONG_CREDENTIALS, "AKIANOBODYHASIT12345", WRONG_SECRET, "of nobody"));
        project = jenkins.createFreeStyleProject("orders");
        jenkins.jenkins.setSecurityRealm(jenkins.createDummySecurityRealm());
        jenkins.jenkins.setAuthorizationStrategy(new MockAuthorizationStrategy()
                .grant(Jenkins.READ, Item.READ)
                .everywhere()
                .to(READER)
                .grant(Jenkins.READ, Item.READ, Item.EXTENDED_READ)
                .everywhere()
                .to(EXTENDED_READER)
                .grant(Jenkins.READ, Item.READ, Item.CONFIGURE, CredentialsProvider.USE_ITEM)
                .everywhere()
                .to(CONFIGURER)
                .grant(Jenkins.ADMINISTER)
                .everywhere()
                .to("admin"));
        createFunction();
    }

    @AfterAll
    static void stop() throws Exception {
        jenkins.after();
        jenkins = null;
        project = null;
    }

    @BeforeEach
    void listen() throws IOException {
        callsElsewhere = new AtomicInteger();
        elsewhere = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        elsewhere.createContext("/", exchange -> {
            callsElsewhere.incrementAndGet();
            exchange.sendResponseHeaders(404, -1);
            exchange.close();
        });
        elsewhere.start();
    }

    @AfterEach
    void stopListening() {
        elsewhere.stop(0);
    }

    private static void createFunction() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.putNextEntry(new ZipEntry("index.js"));
            zip.write("exports.handler = async () => 1;".getBytes(StandardCharsets.UTF_8));
        }
        if (Aws.function(FUNCTION).isEmpty()) {
            try (LambdaClient lambda = Aws.lambda()) {
                lambda.createFunction(request -> request.functionName(FUNCTION)
                        .role(Aws.ROLE)
                        .runtime(Runtime.NODEJS22_X)
                        .handler("index.handler")
                        .code(code -> code.zipFile(SdkBytes.fromByteArray(bytes.toByteArray()))));
            }
        }
    }

    private WebResponse post(String user, String where, Map<String, String> parameters, boolean withCrumb)
            throws Exception {
        JenkinsRule.WebClient client = jenkins.createWebClient().withThrowExceptionOnFailingStatusCode(false);
        client.login(user);
        WebRequest request = new WebRequest(new URL(jenkins.getURL(), where), HttpMethod.POST);
        List<NameValuePair> all = new ArrayList<>();
        parameters.forEach((name, value) -> all.add(new NameValuePair(name, value)));
        if (withCrumb) {
            CrumbIssuer issuer = jenkins.jenkins.getCrumbIssuer();
            all.add(new NameValuePair(issuer.getCrumbRequestField(), issuer.getCrumb()));
        }
        request.setRequestParameters(all);
        return client.getPage(request).getWebResponse();
    }

    private WebResponse check(String user, Map<String, String> parameters) throws Exception {
        return post(user, project.getUrl() + DESCRIPTOR + "check", parameters, true);
    }

    private static Map<String, String> function(String name, String credentialsId) {
        return Map.of("functionName", name, "credentialsId", credentialsId, "region", Aws.REGION);
    }

    private Map<String, String> askingElsewhere() {
        return Map.of(
                "functionName",
                FUNCTION,
                "credentialsId",
                Aws.CREDENTIALS_ID,
                "endpointUrl",
                URI.create("http://127.0.0.1:" + elsewhere.getAddress().getPort())
                        .toString());
    }

    @Test
    void aFunctionThatIsThereIsDescribed() throws Exception {
        WebResponse answer = check(CONFIGURER, function(FUNCTION, Aws.CREDENTIALS_ID));

        String text = answer.getContentAsString();
        assertTrue(text.contains("class=ok") || text.contains("class=\"ok\""), text);
        assertTrue(text.contains(Aws.function(FUNCTION).orElseThrow().functionArn()), text);
        assertTrue(text.contains("nodejs22.x"), text);
    }

    @Test
    void aFunctionThatIsNotThereIsAWarningThatNamesTheRegion() throws Exception {
        String text = check(CONFIGURER, function("nobody-made-it", Aws.CREDENTIALS_ID))
                .getContentAsString();

        assertTrue(text.contains("warning"), text);
        assertTrue(text.contains("There is no function nobody-made-it in us-east-1"), text);
    }

    @Test
    void aFunctionThatTheDeploymentCreatesIsNoWarning() throws Exception {
        Map<String, String> parameters = Map.of(
                "functionName",
                "nobody-made-it",
                "credentialsId",
                Aws.CREDENTIALS_ID,
                "region",
                Aws.REGION,
                "create",
                "true");

        String text = check(CONFIGURER, parameters).getContentAsString();

        assertTrue(text.contains("The deployment will create it"), text);
        assertFalse(text.contains("warning") || text.contains("error"), text);
    }

    @Test
    void aNameWithAVariableIsSaidNotToBeChecked() throws Exception {
        String text = check(CONFIGURER, function("orders-${BRANCH_NAME}", Aws.CREDENTIALS_ID))
                .getContentAsString();

        assertTrue(text.contains("Not checked: orders-${BRANCH_NAME} has a variable"), text);
        assertFalse(text.contains("warning") || text.contains("error"), text);
    }

    @Test
    void theButtonSendsTheFieldsOfItsOwnStep() throws Exception {
        FreeStyleProject twoSteps = jenkins.createFreeStyleProject();
        LambdaNodeDeployStep other = new LambdaNodeDeployStep(FUNCTION);
        other.setEndpointUrl("http://127.0.0.1:9");
        twoSteps.getBuildersList().add(new LambdaNodeDeployBuilder(other));
        LambdaNodeDeployStep step = new LambdaNodeDeployStep(FUNCTION);
        step.setCredentialsId(Aws.CREDENTIALS_ID);
        step.setEndpointUrl(askingElsewhere().get("endpointUrl"));
        twoSteps.getBuildersList().add(new LambdaNodeDeployBuilder(step));
        JenkinsRule.WebClient client = jenkins.createWebClient().login(CONFIGURER);
        HtmlPage page = client.getPage(twoSteps, "configure");
        client.waitForBackgroundJavaScript(10_000);
        List<HtmlElement> buttons = page.getByXPath("//button[contains(@class, 'validate-button')]");

        buttons.get(1).click();
        client.waitForBackgroundJavaScript(10_000);

        assertEquals(2, buttons.size());
        assertTrue(callsElsewhere.get() > 0);
    }

    @Test
    void whatAwsRespondsIsShownAsTextNotAsMarkup() throws Exception {
        String markup = "<img src=x onerror=alert(1)>";
        elsewhere.createContext("/2015-03-31/functions/", exchange -> {
            byte[] function =
                    ("{\"FunctionName\": \"F\", \"FunctionArn\": \"F\", \"Runtime\": \"F\", \"Architectures\":"
                                    + " [\"F\"], \"LastModified\": \"F\", \"CodeSha256\": \"F\"}")
                            .replace("\"F\"", "\"" + markup + "\"")
                            .getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, function.length);
            exchange.getResponseBody().write(function);
            exchange.close();
        });

        String text = check(CONFIGURER, askingElsewhere()).getContentAsString();

        assertFalse(text.contains("<img src=x"), text);
        assertEquals(6, text.split("&lt;img src=x", -1).length, text);
    }

    @Test
    void credentialsThatAwsRefusesAreSaidToBeRefused() throws Exception {
        String text = check(CONFIGURER, function(FUNCTION, WRONG_CREDENTIALS)).getContentAsString();

        assertTrue(text.contains("error"), text);
        assertTrue(text.contains("security token") || text.contains("credentials"), text);
        assertFalse(text.contains(WRONG_SECRET), text);
    }

    @Test
    void credentialsThatAreNotThereAreAnError() throws Exception {
        String text = check(CONFIGURER, function(FUNCTION, "no-such-id")).getContentAsString();

        assertTrue(text.contains("no AWS credentials with the ID"), text);
    }

    @Test
    void aRegionThatIsNoneIsAnErrorNotAPage() throws Exception {
        Map<String, String> parameters =
                Map.of("functionName", FUNCTION, "credentialsId", Aws.CREDENTIALS_ID, "region", "no such region/../x");

        WebResponse answer = check(CONFIGURER, parameters);

        assertEquals(200, answer.getStatusCode());
        assertTrue(answer.getContentAsString().contains("error"), answer.getContentAsString());
    }

    @Test
    void anEndpointThatIsNoAddressIsAnErrorNotAPage() throws Exception {
        Map<String, String> parameters =
                Map.of("functionName", FUNCTION, "credentialsId", Aws.CREDENTIALS_ID, "endpointUrl", "not a url");

        WebResponse answer = check(CONFIGURER, parameters);

        assertEquals(200, answer.getStatusCode());
        assertTrue(answer.getContentAsString().contains("error"), answer.getContentAsString());
    }

    @Test
    void whoMayConfigureTheJobMayAskAnotherEndpoint() throws Exception {
        check(CONFIGURER, askingElsewhere());

        assertTrue(callsElsewhere.get() > 0);
    }

    @Test
    void whoMayOnlyReadTheJobCannotMakeTheControllerCallOut() throws Exception {
        assertEquals(403, check(READER, askingElsewhere()).getStatusCode());
        assertEquals(403, check(EXTENDED_READER, askingElsewhere()).getStatusCode());
        assertEquals(0, callsElsewhere.get());
    }

    /** Where Jenkins is told to keep that right apart from the one to configure. */
    @Test
    void whoMayUseTheJobsCredentialsButNotConfigureItCannotMakeTheControllerCallOut() throws Exception {
        AuthorizationStrategy before = jenkins.jenkins.getAuthorizationStrategy();
        boolean apart = CredentialsProvider.USE_ITEM.getEnabled();
        CredentialsProvider.USE_ITEM.setEnabled(true);
        try {
            jenkins.jenkins.setAuthorizationStrategy(new MockAuthorizationStrategy()
                    .grant(Jenkins.READ, Item.READ, CredentialsProvider.USE_ITEM)
                    .everywhere()
                    .to("user"));

            assertEquals(403, check("user", askingElsewhere()).getStatusCode());
            assertEquals(0, callsElsewhere.get());
        } finally {
            CredentialsProvider.USE_ITEM.setEnabled(apart);
            jenkins.jenkins.setAuthorizationStrategy(before);
        }
    }

    @Test
    void outsideAJobOnlyAnAdministratorMayCheck() throws Exception {
        assertEquals(
                403,
                post(CONFIGURER, DESCRIPTOR + "check", askingElsewhere(), true).getStatusCode());
        assertEquals(0, callsElsewhere.get());

        post("admin", DESCRIPTOR + "check", askingElsewhere(), true);
        assertTrue(callsElsewhere.get() > 0);
    }

    @Test
    void aCheckWithoutACrumbIsRefused() throws Exception {
        assertEquals(
                403,
                post(CONFIGURER, project.getUrl() + DESCRIPTOR + "check", askingElsewhere(), false)
                        .getStatusCode());
        assertEquals(0, callsElsewhere.get());
    }

    @Test
    void aCheckByGetIsRefused() throws Exception {
        JenkinsRule.WebClient client = jenkins.createWebClient().withThrowExceptionOnFailingStatusCode(false);
        client.login(CONFIGURER);
        String address = project.getUrl() + DESCRIPTOR + "check?functionName=" + FUNCTION + "&credentialsId="
                + Aws.CREDENTIALS_ID + "&endpointUrl=http://127.0.0.1:"
                + elsewhere.getAddress().getPort();

        int status = client.goTo(address, null).getWebResponse().getStatusCode();

        assertTrue(status == 404 || status == 405, "status " + status);
        assertEquals(0, callsElsewhere.get());
    }

    @Test
    void whoMayOnlyReadTheJobSeesNoIdsOfCredentials() throws Exception {
        String where = project.getUrl() + DESCRIPTOR + "fillCredentialsIdItems";

        String reader = post(READER, where, Map.of("credentialsId", ""), true).getContentAsString();
        String configurer =
                post(CONFIGURER, where, Map.of("credentialsId", ""), true).getContentAsString();

        assertFalse(reader.contains(Aws.CREDENTIALS_ID), reader);
        assertTrue(configurer.contains(Aws.CREDENTIALS_ID), configurer);
    }

    @Test
    void outsideAJobOnlyAnAdministratorSeesIdsOfCredentials() throws Exception {
        String where = DESCRIPTOR + "fillCredentialsIdItems";

        String configurer =
                post(CONFIGURER, where, Map.of("credentialsId", ""), true).getContentAsString();
        String admin = post("admin", where, Map.of("credentialsId", ""), true).getContentAsString();

        assertFalse(configurer.contains(Aws.CREDENTIALS_ID), configurer);
        assertTrue(admin.contains(Aws.CREDENTIALS_ID), admin);
    }
}
