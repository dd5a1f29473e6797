package io.jenkins.plugins.lambdanode.form;

import hudson.Util;
import hudson.model.Item;
import hudson.util.FormValidation;
import io.jenkins.plugins.lambdanode.LambdaNodeConfiguration;
import io.jenkins.plugins.lambdanode.LambdaNodeDeployStep;
import io.jenkins.plugins.lambdanode.Messages;
import io.jenkins.plugins.lambdanode.access.AwsAccess;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionState;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.Functions;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import java.util.Optional;

/** The form's Check button: asks AWS for the function and says what it found. */
public final class FunctionCheck {

    private FunctionCheck() {}

    public static FormValidation check(Item item, LambdaNodeDeployStep settings) throws InterruptedException {
        if (settings.getFunctionName() == null) {
            return FormValidation.error(Messages.FieldChecks_required());
        }
        AwsAccess access = new AwsAccess(
                settings, text -> Optional.ofNullable(Util.fixEmptyAndTrim(text)), LambdaNodeConfiguration.get());
        try {
            FunctionName name = FunctionName.parse(settings.getFunctionName());
            try (AwsSession session = AwsSession.open(access.settings(name, access.ofForm(item)))) {
                Optional<FunctionState> found =
                        new Functions(session, null, Progress.NONE).find(name);
                return found.map(FunctionCheck::describe)
                        .orElseGet(() -> FormValidation.warning(
                                Messages.FunctionCheck_absent(name.name(), session.region())));
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
                state.codeSize(),
                state.lastModified(),
                state.codeSha256()));
    }
}
