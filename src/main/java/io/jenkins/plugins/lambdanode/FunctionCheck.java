package io.jenkins.plugins.lambdanode;

import hudson.Util;
import hudson.model.Item;
import hudson.util.FormValidation;
import io.jenkins.plugins.lambdanode.engine.DeployException;
import io.jenkins.plugins.lambdanode.engine.Progress;
import io.jenkins.plugins.lambdanode.engine.aws.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.FunctionName;
import io.jenkins.plugins.lambdanode.engine.aws.FunctionState;
import io.jenkins.plugins.lambdanode.engine.aws.Functions;
import java.util.Optional;

/** The form's Check button: asks AWS for the function and says what it found. */
final class FunctionCheck {

    private FunctionCheck() {}

    static FormValidation check(Item item, LambdaNodeDeployStep settings) throws InterruptedException {
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
