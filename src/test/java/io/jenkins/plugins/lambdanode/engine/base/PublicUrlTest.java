package io.jenkins.plugins.lambdanode.engine.base;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PublicUrlTest {

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "https://github.com/acme/orders.git, https://github.com/acme/orders.git",
                "https://x-access-token:ghp_secret@github.com/acme/orders.git, https://github.com/acme/orders.git",
                "https://token@gitlab.example.com:8443/a/b.git, https://gitlab.example.com:8443/a/b.git",
                "git@github.com:acme/orders.git, ssh://github.com/acme/orders.git",
                "ssh://git@github.com:22/acme/orders.git, ssh://github.com:22/acme/orders.git",
                "git+ssh://git@github.com/acme/orders.git#abc123, git+ssh://github.com/acme/orders.git#abc123",
                "https://npm.example.com/ms/-/ms-2.1.3.tgz?auth=secret#sha, https://npm.example.com/ms/-/ms-2.1.3.tgz",
                "file:../shared, -",
                "/srv/git/orders.git, -",
                "C:\\git\\orders, -",
                "https://us er:pass@host/x, -",
                "https://user:p@ss@host/x, -",
                "javascript:alert(1), -"
            })
    void whatOpensADoorIsLeftOut(String address, String expected) {
        assertEquals(expected == null ? "" : expected, PublicUrl.of(address));
    }
}
