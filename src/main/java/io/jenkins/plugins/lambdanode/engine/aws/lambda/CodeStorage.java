package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsCalls;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.base.ByteSize;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.GetAccountSettingsResponse;
import software.amazon.awssdk.services.lambda.model.ListLayerVersionsResponse;
import software.amazon.awssdk.services.lambda.model.ListVersionsByFunctionResponse;

/** Says what holds the code storage of an account, as far as the deploying identity may ask. */
record CodeStorage(AwsSession session) {

    /** So many pages of 50 versions are looked at. */
    private static final int PAGES = 10;

    private interface Question {
        Optional<String> answer() throws InterruptedException;
    }

    /** Lines for people, each after a line break; empty where nothing may be asked. */
    String ofFunction(FunctionName function) throws InterruptedException {
        return ifAllowed(this::total) + ifAllowed(() -> versions(function));
    }

    /** The same for a layer, whose versions' sizes Lambda does not list. */
    String ofLayer(String layer) throws InterruptedException {
        return ifAllowed(this::total) + ifAllowed(() -> layerVersions(layer));
    }

    /** It is an addition to an error: what is not allowed is left out. */
    private static String ifAllowed(Question question) throws InterruptedException {
        try {
            return question.answer().map(line -> "\n" + line).orElse("");
        } catch (SdkException e) {
            return "";
        }
    }

    private Optional<String> total() throws InterruptedException {
        GetAccountSettingsResponse account =
                AwsCalls.interruptible(() -> session.lambdaOnce().getAccountSettings());
        if (account.accountUsage() == null || account.accountLimit() == null) {
            return Optional.empty();
        }
        return Optional.of("In use: " + ByteSize.of(account.accountUsage().totalCodeSize()) + " of "
                + ByteSize.of(account.accountLimit().totalCodeSize()) + ", by "
                + account.accountUsage().functionCount() + " functions with their versions, and by layers.");
    }

    private Optional<String> versions(FunctionName function) throws InterruptedException {
        List<FunctionConfiguration> published = new ArrayList<>();
        String marker = null;
        for (int page = 0; page < PAGES; page++) {
            String from = marker;
            ListVersionsByFunctionResponse listed = AwsCalls.interruptible(() -> session.lambdaOnce()
                    .listVersionsByFunction(
                            request -> request.functionName(function.value()).marker(from)));
            listed.versions().stream()
                    .filter(version -> version.codeSize() != null && !"$LATEST".equals(version.version()))
                    .forEach(published::add);
            marker = listed.nextMarker();
            if (marker == null || marker.isEmpty()) {
                break;
            }
        }
        if (published.isEmpty()) {
            return Optional.empty();
        }
        long bytes =
                published.stream().mapToLong(FunctionConfiguration::codeSize).sum();
        return Optional.of("Function " + function.name() + " has "
                + (marker == null || marker.isEmpty() ? "" : "more than ")
                + published.size() + " published versions with " + ByteSize.of(bytes) + ", the oldest is version "
                + published.get(0).version() + " (aws lambda delete-function --function-name " + function.value()
                + " --qualifier " + published.get(0).version() + ").");
    }

    private Optional<String> layerVersions(String layer) throws InterruptedException {
        ListLayerVersionsResponse listed = AwsCalls.interruptible(
                () -> session.lambdaOnce().listLayerVersions(request -> request.layerName(layer)));
        boolean more = listed.nextMarker() != null && !listed.nextMarker().isEmpty();
        return listed.layerVersions().isEmpty()
                ? Optional.empty()
                : Optional.of("Layer " + layer + " has " + (more ? "more than " : "")
                        + listed.layerVersions().size() + " versions; keepLayerVersions deletes old ones.");
    }
}
