package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FunctionNameTest {

    @Test
    void aBareNameIsSentAsItIs() throws Exception {
        FunctionName name = FunctionName.parse("my_Orders-1");

        assertEquals("my_Orders-1", name.value());
        assertEquals("my_Orders-1", name.name());
        assertEquals(Optional.empty(), name.region());
        assertEquals(Optional.empty(), name.account());
    }

    @Test
    void aPartialArnNamesTheAccount() throws Exception {
        FunctionName name = FunctionName.parse("123456789012:function:orders");

        assertEquals("123456789012:function:orders", name.value());
        assertEquals("orders", name.name());
        assertEquals(Optional.of("123456789012"), name.account());
    }

    @ParameterizedTest
    @CsvSource({
        "arn:aws:lambda:eu-west-1:123456789012:function:orders,eu-west-1",
        "arn:aws-cn:lambda:cn-north-1:123456789012:function:orders,cn-north-1",
        "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:orders,us-gov-west-1"
    })
    void anArnNamesRegionAndAccount(String arn, String region) throws Exception {
        FunctionName name = FunctionName.parse(arn);

        assertEquals(arn, name.value());
        assertEquals("orders", name.name());
        assertEquals(Optional.of(region), name.region());
        assertEquals(Optional.of("123456789012"), name.account());
    }

    @ParameterizedTest
    @CsvSource({
        "orders:live,live",
        "orders:$LATEST,$LATEST",
        "123456789012:function:orders:7,7",
        "arn:aws:lambda:eu-west-1:123456789012:function:orders:live,live"
    })
    void aVersionOrAliasIsRefusedByName(String text, String qualifier) {
        DeployException refused = assertThrows(DeployException.class, () -> FunctionName.parse(text));

        assertTrue(refused.getMessage().contains("\"" + qualifier + "\""), refused.getMessage());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "a b",
                "orders/..",
                "../x",
                "orders\nx",
                "\u001b[31morders",
                "arn:aws:s3:::bucket",
                "12345:function:orders",
                "arn:aws:lambda:eu-west-1:123456789012:layer:x",
                "a2345678901234567890123456789012345678901234567890123456789012345"
            })
    void anythingElseIsRefusedWithTheThreeForms(String text) {
        DeployException refused = assertThrows(DeployException.class, () -> FunctionName.parse(text));

        assertTrue(refused.getMessage().contains("arn:aws:lambda:region:123456789012:function:name"));
        assertTrue(refused.getMessage().chars().noneMatch(c -> c != '\n' && Character.isISOControl(c)));
        assertEquals(2, refused.getMessage().lines().count());
    }
}
