package io.jenkins.plugins.lambdanode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.jenkins.plugins.casc.ConfigurationAsCode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import jenkins.model.Jenkins;
import org.htmlunit.html.HtmlForm;
import org.htmlunit.html.HtmlPage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.MockAuthorizationStrategy;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** The settings for all deployments: by form, by file, and by Configuration as Code. */
@WithJenkins
class LambdaNodeConfigurationTest {

    private static final String AS_CODE = "configuration-as-code.yaml";
    private static final String MANAGER = "manager";

    private static JenkinsRule jenkins;

    @BeforeAll
    static void start(JenkinsRule rule) {
        jenkins = rule;
        jenkins.jenkins.setSecurityRealm(jenkins.createDummySecurityRealm());
        jenkins.jenkins.setAuthorizationStrategy(new MockAuthorizationStrategy()
                .grant(Jenkins.ADMINISTER)
                .everywhere()
                .to("admin")
                .grant(Jenkins.READ, Jenkins.MANAGE)
                .everywhere()
                .to(MANAGER));
    }

    @AfterAll
    static void stop() throws Exception {
        jenkins.after();
        jenkins = null;
    }

    private static HtmlPage systemPage(String user) throws Exception {
        return jenkins.createWebClient().login(user).goTo("manage/configure");
    }

    private static void set(String region, String bucket, String prefix, String endpoint, boolean allowed) {
        LambdaNodeConfiguration global = LambdaNodeConfiguration.get();
        global.setRegion(region);
        global.setS3Bucket(bucket);
        global.setS3Prefix(prefix);
        global.setEndpointUrl(endpoint);
        global.setControllerIdentityAllowed(allowed);
    }

    private static void assertSettings(
            LambdaNodeConfiguration global,
            String region,
            String bucket,
            String prefix,
            String endpoint,
            boolean allowed) {
        assertEquals(region, global.getRegion());
        assertEquals(bucket, global.getS3Bucket());
        assertEquals(prefix, global.getS3Prefix());
        assertEquals(endpoint, global.getEndpointUrl());
        assertEquals(allowed, global.isControllerIdentityAllowed());
    }

    @Test
    void everySettingSurvivesItsForm() throws Exception {
        set("eu-west-1", "my-staging", "lambda/", "https://aws.example.com", true);

        jenkins.submit(systemPage("admin").getFormByName("config"));

        assertSettings(
                LambdaNodeConfiguration.get(), "eu-west-1", "my-staging", "lambda/", "https://aws.example.com", true);
    }

    @Test
    void whatIsTypedIntoTheFormIsKeptOnDisk() throws Exception {
        set(null, null, null, null, false);
        HtmlForm form = systemPage("admin").getFormByName("config");
        form.getInputByName("_.s3Prefix").setValue(" typed/ ");
        form.getInputByName("_.controllerIdentityAllowed").setChecked(true);
        jenkins.submit(form);

        assertSettings(new LambdaNodeConfiguration(), null, null, "typed/", null, true);
    }

    @Test
    void theControllersIdentityIsNotAllowedUnlessSomebodyAllowsIt() throws Exception {
        set(null, null, null, null, false);

        jenkins.submit(systemPage("admin").getFormByName("config"));

        assertSettings(new LambdaNodeConfiguration(), null, null, null, null, false);
    }

    @Test
    void whoMayOnlyManageJenkinsNeitherSeesNorChangesTheSettings() throws Exception {
        set("eu-west-1", "my-staging", "lambda/", null, false);

        HtmlPage page = systemPage(MANAGER);
        assertFalse(page.asXml().contains("_.controllerIdentityAllowed"));
        jenkins.submit(page.getFormByName("config"));

        assertSettings(LambdaNodeConfiguration.get(), "eu-west-1", "my-staging", "lambda/", null, false);
    }

    @Test
    void configurationAsCodeSetsEverything() throws Exception {
        set(null, null, null, null, false);

        ConfigurationAsCode.get().configure(getClass().getResource(AS_CODE).toString());

        assertSettings(
                LambdaNodeConfiguration.get(),
                "eu-west-1",
                "my-staging",
                "lambda/",
                "https://vpce-0123.lambda.eu-west-1.vpce.amazonaws.com",
                true);
    }

    @Test
    void configurationAsCodeExportsWhatItImports() throws Exception {
        ConfigurationAsCode.get().configure(getClass().getResource(AS_CODE).toString());

        ByteArrayOutputStream exported = new ByteArrayOutputStream();
        ConfigurationAsCode.get().export(exported);

        List<String> lines = exported.toString(StandardCharsets.UTF_8)
                .replace("\"", "")
                .lines()
                .toList();
        List<String> imported = imported().lines().skip(1).toList();
        int start = lines.indexOf(imported.get(0));
        assertEquals(Set.copyOf(imported), Set.copyOf(lines.subList(start, start + imported.size())));
    }

    @Test
    void configurationAsCodeExportsNoDefaults() throws Exception {
        set(null, null, null, null, false);

        ByteArrayOutputStream exported = new ByteArrayOutputStream();
        ConfigurationAsCode.get().export(exported);

        assertFalse(exported.toString(StandardCharsets.UTF_8).contains("controllerIdentityAllowed: true"));
        assertNull(LambdaNodeConfiguration.get().getRegion());
    }

    private String imported() throws IOException {
        try (InputStream stream = getClass().getResourceAsStream(AS_CODE)) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
