package io.jenkins.plugins.lambdanode.form;

import hudson.EnvVars;
import hudson.model.Item;
import hudson.util.FormValidation;
import io.jenkins.plugins.lambdanode.access.AccessSettings;
import io.jenkins.plugins.lambdanode.access.AwsAccess;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionReader;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionState;
import io.jenkins.plugins.lambdanode.engine.base.ByteSize;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import java.util.Optional;
import java.util.stream.Stream;

/** The form's Check button: asks AWS for the function and says what it found. */
public final class FunctionCheck {

    private FunctionCheck() {}

    /**
     * @param functionName null where it is not set
     * @param create whether the deployment creates a function that does not exist
     */
    public static FormValidation check(
            Item item, String functionName, AccessSettings settings, AccessSettings.Defaults defaults, boolean create)
            throws InterruptedException {
        if (functionName == null) {
            return FormValidation.error(Messages.FieldChecks_required());
        }
        Optional<String> variable = Stream.of(
                        functionName,
                        settings.getRegion(),
                        settings.getCredentialsId(),
                        settings.getRoleArn(),
                        settings.getExternalId(),
                        settings.getRoleSessionName(),
                        settings.getEndpointUrl())
                .filter(FieldChecks::hasVariable)
                .findFirst();
        if (variable.isPresent()) {
            return FormValidation.ok(Messages.FunctionCheck_variable(variable.get()));
        }
        AwsAccess access = new AwsAccess(settings, new EnvVars(), defaults);
        try {
            FunctionName name = FunctionName.parse(functionName);
            try (AwsSession session = AwsSession.open(access.settings(name, access.ofForm(item)))) {
                return new FunctionReader(session, Progress.NONE)
                        .find(name)
                        .map(FunctionCheck::describe)
                        .orElseGet(() -> create
                                ? FormValidation.ok(Messages.FunctionCheck_willBeCreated(name.name(), session.region()))
                                : FormValidation.warning(Messages.FunctionCheck_absent(name.name(), session.region())));
            }
        } catch (DeployException e) {
            return FormValidation.error(e.getMessage());
        }
    }

    private static FormValidation describe(FunctionState state) {
        return FormValidation.ok(Messages.FunctionCheck_found(
                state.functionArn(),
                state.runtime(),
                String.join(", ", state.architectures()),
                ByteSize.of(state.codeSize()),
                state.lastModified(),
                state.codeSha256()));
    }
}
