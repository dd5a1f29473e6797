package io.jenkins.plugins.lambdanode.engine.aws;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsErrors;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsFailure;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsOperation;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.http.SendReply;
import io.jenkins.plugins.lambdanode.testing.Seeds;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;
import software.amazon.awssdk.core.exception.SdkException;

/** What reads answers and names takes any text, and what it says of it has no control characters and no signature. */
class ResponsesFuzzTest {

    private static final Duration GOOD_TIME = Duration.ofSeconds(10);
    private static final AwsOperation CALL =
            new AwsOperation("It was not done", "lambda:UpdateFunctionCode", "arn:x", "function f", "eu-west-1");

    @Provide
    Arbitrary<String> answers() {
        return Seeds.textAround("answer");
    }

    @Property(shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void anyRefusalIsToldInPrintableWords(
            @ForAll("answers") String body, @ForAll @IntRange(min = 300, max = 599) int status) {
        assertTimeoutPreemptively(GOOD_TIME, () -> {
            String message = AwsErrors.exception(CALL, AwsFailure.of(SendReply.response(status, Map.of(), body)))
                    .getMessage();
            isPrintable(message);
            assertFalse(body.length() < 500 && message.contains("X-Amz-Signature=sigMARKED"), message);
        });
    }

    @Property(shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void anyResponseIsReadOrIsRefused(@ForAll("answers") String body) {
        try {
            Responses.function(body);
        } catch (SdkException e) {
            isPrintable(AwsErrors.exception(CALL, AwsFailure.of(e)).getMessage());
        }
    }

    @Provide
    Arbitrary<String> names() {
        return Seeds.textAround("function-name");
    }

    @Property(shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void aFunctionsNameIsOneOfAwsOrIsRefused(@ForAll("names") String text) {
        try {
            FunctionName name = FunctionName.parse(text);
            assertEquals(text, name.value());
            assertTrue(name.name().matches("[A-Za-z0-9_-]{1,64}"), name.name());
            assertTrue(text.endsWith(name.name()), text);
        } catch (DeployException e) {
            isPrintable(e.getMessage());
        }
    }

    @Example
    void theSeedsOfResponsesAndNamesAreTold() {
        for (byte[] seed : Seeds.of("answer")) {
            anyRefusalIsToldInPrintableWords(new String(seed, StandardCharsets.UTF_8), 403);
            anyResponseIsReadOrIsRefused(new String(seed, StandardCharsets.UTF_8));
        }
        for (byte[] seed : Seeds.of("function-name")) {
            aFunctionsNameIsOneOfAwsOrIsRefused(new String(seed, StandardCharsets.UTF_8));
        }
    }

    private static void isPrintable(String message) {
        assertFalse(message.chars().anyMatch(c -> Character.isISOControl(c) && c != '\n'), message);
        assertTrue(message.length() < 5000, message.length() + " characters");
    }
}
