package io.jenkins.plugins.lambdanode.agent;

import hudson.remoting.VirtualChannel;
import java.io.File;
import java.io.IOException;
import java.io.Serializable;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jenkins.MasterToSlaveFileCallable;

/**
 * Asks the metadata service of the container (Amazon ECS Developer Guide, "Task IAM role"; EKS Pod Identity), else of the
 * instance (Amazon EC2 User Guide, "Use the Instance Metadata Service", version 2). It runs on the agent, which has no AWS SDK.
 */
final class AgentRole extends MasterToSlaveFileCallable<AgentRole.Temporary> {
    private static final long serialVersionUID = 1L;

    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final String INSTANCE = "http://169.254.169.254";
    private static final String CONTAINER = "http://169.254.170.2";
    private static final String ROLE_PATH = "/latest/meta-data/iam/security-credentials/";

    @Override
    public Temporary invoke(File folder, VirtualChannel channel) throws IOException, InterruptedException {
        HttpClient client = HttpClient.newBuilder()
                .connectTimeout(TIMEOUT)
                .proxy(HttpClient.Builder.NO_PROXY)
                .build();
        String relative = System.getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
        String full = System.getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");
        if (relative != null || full != null) {
            return read(get(client, relative != null ? CONTAINER + relative : full, containerHeaders()));
        }
        String service = System.getenv()
                .getOrDefault("AWS_EC2_METADATA_SERVICE_ENDPOINT", INSTANCE)
                .replaceAll("/$", "");
        String token = send(
                client,
                HttpRequest.newBuilder(URI.create(service + "/latest/api/token"))
                        .timeout(TIMEOUT)
                        .header("X-aws-ec2-metadata-token-ttl-seconds", "300")
                        .PUT(HttpRequest.BodyPublishers.noBody())
                        .build());
        Map<String, String> headers = Map.of("X-aws-ec2-metadata-token", token);
        String role = get(client, service + ROLE_PATH, headers).strip();
        return read(get(client, service + ROLE_PATH + role, headers));
    }

    private static Map<String, String> containerHeaders() throws IOException {
        String file = System.getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
        String token = file != null
                ? Files.readString(Path.of(file)).strip()
                : System.getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN");
        return token == null ? Map.of() : Map.of("Authorization", token);
    }

    private static String get(HttpClient client, String url, Map<String, String> headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url)).timeout(TIMEOUT);
        headers.forEach(request::header);
        return send(client, request.build());
    }

    private static String send(HttpClient client, HttpRequest request) throws IOException, InterruptedException {
        HttpResponse<String> response;
        try {
            response = client.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new IOException("its metadata service at " + request.uri().getHost() + " does not respond.", e);
        }
        if (response.statusCode() != 200) {
            throw new IOException("its metadata service at " + request.uri() + " responded with HTTP status "
                    + response.statusCode() + ".");
        }
        return response.body();
    }

    private static Temporary read(String json) throws IOException {
        return new Temporary(
                field(json, "AccessKeyId"),
                field(json, "SecretAccessKey"),
                field(json, "Token"),
                field(json, "Expiration"));
    }

    /** The response is flat JSON with plain texts: the agent needs no JSON library for it. */
    private static String field(String json, String name) throws IOException {
        Matcher matcher =
                Pattern.compile("\"" + name + "\"\\s*:\\s*\"([^\"\\\\]+)\"").matcher(json);
        if (!matcher.find()) {
            throw new IOException("its metadata service gave no " + name + ".");
        }
        return matcher.group(1);
    }

    /** The response of a metadata service. */
    record Temporary(String accessKeyId, String secretAccessKey, String token, String expiration)
            implements Serializable {
        private static final long serialVersionUID = 1L;

        @Override
        public String toString() {
            return "temporary credentials " + accessKeyId;
        }
    }
}
