package io.jenkins.plugins.lambdanode.form;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudbees.hudson.plugins.folder.Folder;
import com.cloudbees.hudson.plugins.folder.properties.FolderCredentialsProvider.FolderCredentialsProperty;
import com.cloudbees.jenkins.plugins.awscredentials.AWSCredentialsImpl;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.domains.Domain;
import com.cloudbees.plugins.credentials.domains.DomainCredentials;
import com.sun.net.httpserver.HttpServer;
import hudson.model.Descriptor;
import hudson.model.FreeStyleProject;
import hudson.model.Item;
import hudson.security.csrf.CrumbIssuer;
import io.jenkins.plugins.lambdanode.LambdaNodeDeployStep;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URL;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jenkins.model.Jenkins;
import org.htmlunit.HttpMethod;
import org.htmlunit.WebRequest;
import org.htmlunit.WebResponse;
import org.htmlunit.util.NameValuePair;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.MockAuthorizationStrategy;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/**
 * Everything of the plugin that can be called over the web, found by reflection: a method that takes credentials or a job has to
 * be named in this test.
 */
@WithJenkins
@ExtendWith(EmulatorExtension.class)
class WebMethodsTest {

    /** Takes credentials or calls out: by POST only, and for those who may. */
    private static final Set<String> GUARDED = Set.of(
            "LambdaNodeDeployStep.doCheck",
            "LambdaNodeDeployStep.doFillCredentialsIdItems",
            "LambdaNodeReleaseStep.doFillCredentialsIdItems",
            "LambdaNodeRollbackStep.doFillCredentialsIdItems");

    private static final String MARKUP = "\"><img src=x onerror=alert(1)>";
    private static final String CONFIGURER = "configurer";

    private static JenkinsRule jenkins;
    private static FreeStyleProject project;
    private static HttpServer elsewhere;
    private static final AtomicInteger CALLS = new AtomicInteger();
    private static final Map<String, JenkinsRule.WebClient> CLIENTS = new HashMap<>();

    @BeforeAll
    static void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        Aws.addCredentials(Aws.CREDENTIALS_ID, Aws.ACCESS_KEY, Aws.SECRET_KEY);
        Folder others = jenkins.createProject(Folder.class, "others");
        others.addProperty(new FolderCredentialsProperty(new DomainCredentials[] {
            new DomainCredentials(
                    Domain.global(),
                    List.of(new AWSCredentialsImpl(CredentialsScope.GLOBAL, "of-another-folder", "key", "secret", "")))
        }));
        Aws.addCredentials(CredentialsScope.SYSTEM, "of-jenkins-itself", "key", "secret");
        project = jenkins.createFreeStyleProject("orders");
        elsewhere = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        elsewhere.createContext("/", exchange -> {
            CALLS.incrementAndGet();
            exchange.sendResponseHeaders(404, -1);
            exchange.close();
        });
        elsewhere.start();
        jenkins.jenkins.setSecurityRealm(jenkins.createDummySecurityRealm());
        jenkins.jenkins.setAuthorizationStrategy(new MockAuthorizationStrategy()
                .grant(Jenkins.READ, Item.READ, Item.EXTENDED_READ, CredentialsProvider.VIEW)
                .everywhere()
                .to("reader")
                .grant(Jenkins.READ, Item.READ, Item.CONFIGURE)
                .everywhere()
                .to(CONFIGURER)
                .grant(Jenkins.ADMINISTER)
                .everywhere()
                .to("admin"));
    }

    @AfterAll
    static void stop() throws Exception {
        elsewhere.stop(0);
        jenkins.after();
        jenkins = null;
        project = null;
    }

    private static List<Descriptor<?>> descriptors() {
        List<Descriptor<?>> ours = new ArrayList<>();
        for (Descriptor<?> descriptor : jenkins.jenkins.getExtensionList(Descriptor.class)) {
            if (descriptor.clazz.getName().startsWith("io.jenkins.plugins.lambdanode.")) {
                ours.add(descriptor);
            }
        }
        return ours;
    }

    private record WebMethod(Descriptor<?> descriptor, Method method) {
        String name() {
            return descriptor.clazz.getSimpleName() + "." + method.getName();
        }

        boolean byPostOnly() {
            return method.isAnnotationPresent(POST.class);
        }

        List<String> parameters() {
            List<String> names = new ArrayList<>();
            for (int at = 0; at < method.getParameterCount(); at++) {
                for (Annotation annotation : method.getParameterAnnotations()[at]) {
                    if (annotation instanceof QueryParameter query) {
                        names.add(query.value().isEmpty() ? method.getParameters()[at].getName() : query.value());
                    }
                }
            }
            return names;
        }

        /** {@code doFillRegionItems} is at {@code fillRegionItems}. */
        String address() {
            String name = method.getName().substring(2);
            return "descriptorByName/" + descriptor.getId() + "/" + Character.toLowerCase(name.charAt(0))
                    + name.substring(1);
        }
    }

    private static List<WebMethod> webMethods() {
        return descriptors().stream()
                .flatMap(descriptor -> Arrays.stream(descriptor.getClass().getMethods())
                        .filter(method -> method.getName().matches("do[A-Z].*") && !method.isBridge())
                        .filter(method ->
                                method.getDeclaringClass().getName().startsWith("io.jenkins.plugins.lambdanode."))
                        .map(method -> new WebMethod(descriptor, method)))
                .toList();
    }

    private static WebResponse call(String user, WebMethod method, String below, HttpMethod by, String value)
            throws Exception {
        List<NameValuePair> all = new ArrayList<>();
        for (String name : Stream.concat(
                        method.parameters().stream(),
                        Stream.of("value", "functionName", "credentialsId", "endpointUrl", "region"))
                .collect(Collectors.toCollection(TreeSet::new))) {
            all.add(new NameValuePair(
                    name,
                    value != null
                            ? value
                            : switch (name) {
                                case "credentialsId" -> Aws.CREDENTIALS_ID;
                                case "region" -> Aws.REGION;
                                case "roleArn", "externalId", "roleSessionName" -> "";
                                case "endpointUrl", "value" ->
                                    "http://127.0.0.1:" + elsewhere.getAddress().getPort();
                                default -> "orders";
                            }));
        }
        String query = all.stream()
                .map(pair -> pair.getName() + "=" + URLEncoder.encode(pair.getValue(), StandardCharsets.UTF_8))
                .collect(Collectors.joining("&"));
        WebRequest request = new WebRequest(
                new URL(jenkins.getURL(), below + method.address() + (by == HttpMethod.GET ? "?" + query : "")), by);
        if (by == HttpMethod.POST) {
            CrumbIssuer issuer = jenkins.jenkins.getCrumbIssuer();
            all.add(new NameValuePair(issuer.getCrumbRequestField(), issuer.getCrumb()));
            request.setRequestParameters(all);
        }
        return client(user).loadWebResponse(request);
    }

    private static JenkinsRule.WebClient client(String user) throws Exception {
        if (!CLIENTS.containsKey(user)) {
            CLIENTS.put(
                    user,
                    jenkins.createWebClient()
                            .withJavaScriptEnabled(false)
                            .withThrowExceptionOnFailingStatusCode(false)
                            .login(user));
        }
        return CLIENTS.get(user);
    }

    @Test
    void whatTakesCredentialsOrAJobIsKnownAndByPostOnly() {
        Set<String> guarded = webMethods().stream()
                .filter(method -> method.parameters().contains("credentialsId")
                        || Arrays.asList(method.method().getParameterTypes()).contains(Item.class))
                .map(WebMethod::name)
                .collect(Collectors.toCollection(TreeSet::new));

        assertEquals(GUARDED, guarded);
        for (String name : GUARDED) {
            assertTrue(find(name).byPostOnly(), name + " can be called by GET");
        }
    }

    @Test
    void whoMayNotConfigureMakesTheControllerCallNobodyAndSeesNoCredentials() throws Exception {
        CALLS.set(0);
        for (WebMethod method : webMethods()) {
            for (String below : List.of("", project.getUrl())) {
                for (HttpMethod by : List.of(HttpMethod.GET, HttpMethod.POST)) {
                    WebResponse answer = call("reader", method, below, by, null);
                    String text = answer.getContentAsString();
                    assertFalse(
                            text.contains("of-another-folder") || text.contains("of-jenkins-itself"), method.name());
                    assertEquals(0, CALLS.get(), method.name() + " by " + by);
                }
            }
        }
    }

    @Test
    void nothingThatIsCalledByGetCallsOut() throws Exception {
        CALLS.set(0);
        for (WebMethod method : webMethods()) {
            call("admin", method, project.getUrl(), HttpMethod.GET, null);
            assertEquals(0, CALLS.get(), method.name());
        }
        call("admin", find("LambdaNodeDeployStep.doCheck"), project.getUrl(), HttpMethod.POST, null);
        assertTrue(CALLS.get() > 0, "The test's own address can be called");
    }

    private static WebMethod find(String name) {
        return webMethods().stream()
                .filter(method -> method.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aCheckUsesNoCredentialsOfAnotherFolderOrOfJenkinsItself() throws Exception {
        CALLS.set(0);
        for (String id : List.of("of-another-folder", "of-jenkins-itself")) {
            LambdaNodeDeployStep settings = new LambdaNodeDeployStep("orders");
            settings.setRegion(Aws.REGION);
            settings.setCredentialsId(id);
            settings.setEndpointUrl("http://127.0.0.1:" + elsewhere.getAddress().getPort());

            String verdict = FunctionCheck.check(project, "orders", settings, settings.defaults(), false)
                    .getMessage();

            assertTrue(verdict.contains("There are no AWS credentials with the ID"), verdict);
            String listed = call(
                            CONFIGURER,
                            find("LambdaNodeDeployStep.doFillCredentialsIdItems"),
                            project.getUrl(),
                            HttpMethod.POST,
                            null)
                    .getContentAsString();
            assertTrue(listed.contains(Aws.CREDENTIALS_ID), listed);
            assertFalse(listed.contains(id), listed);
        }
        assertEquals(0, CALLS.get());
    }

    @Test
    void whatIsTypedInComesBackAsTextNotAsMarkup() throws Exception {
        Set<String> quoted = new TreeSet<>();
        for (WebMethod method : webMethods()) {
            // A pattern is quoted where it leads out of the project.
            for (String typed : List.of(MARKUP, "../" + MARKUP)) {
                WebResponse answer = call("admin", method, project.getUrl(), HttpMethod.POST, typed);

                boolean html = answer.getContentType().equals("text/html");
                String text = answer.getContentAsString();
                assertFalse(html && text.contains("<img"), method.name());
                assertTrue(answer.getStatusCode() < 500, method.name() + " " + answer.getStatusCode());
                if (html && text.contains("&lt;img")) {
                    quoted.add(method.name());
                }
            }
        }
        assertTrue(
                quoted.containsAll(Set.of(
                        "LambdaNodeDeployStep.doCheck",
                        "LambdaNodeDeployStep.doCheckExcludes",
                        "LambdaNodeDeployStep.doCheckFunctionName")),
                quoted.toString());
    }
}
