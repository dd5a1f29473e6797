package io.jenkins.plugins.lambdanode.engine.base;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"a\": 1.5, \"b\": [true, false, {\"c\": \"d\"}], \"e\": {\"f\": []}}",
                " {\"a\" :\"\\u00e4\\n\\\"\\\\\\/x\" } ",
                "{\"a\":-1e3,\"\":\"\u00fc\"}",
                "{\"a\": \"x\\ty\"}"
            })
    void anObjectIsReadAsJacksonReadsIt(String json) throws Exception {
        assertEquals(
                new ObjectMapper().readTree(json).toString(),
                new ObjectMapper().valueToTree(Json.object(json).orElseThrow()).toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "1",
                "{",
                "{\"",
                "{\"a\"",
                "{\"a\":",
                "{\"a\":1",
                "{\"a\":1,",
                "{a:1}",
                "{} x",
                "{\"a\":\"\\x\"}",
                "{\"a\":\"\\u12\"}",
                "{\"a\":\"line\nend\"}",
                "{\"a\":tru}",
                "{\"a\":-}",
                "{\"a\":[1 2]}"
            })
    void whatIsNoObjectIsEmpty(String json) {
        assertEquals(Optional.empty(), Json.object(json));
    }

    @Test
    void aByteOrderMarkIsIgnoredAndDepthIsBounded() {
        assertEquals(Optional.of(Map.of("a", "b")), Json.object("\ufeff{\"a\":\"b\"}"));
        assertEquals(Optional.empty(), Json.object("{\"a\":" + "[".repeat(100_000)));
        assertEquals(List.of("x", "y"), Json.strings(List.of("x", 1, "y")));
        assertEquals(List.of("x"), Json.strings("x"));
        assertEquals(Map.of(), Json.map("x"));
    }
}
