package io.jenkins.plugins.lambdanode.build;

import hudson.EnvVars;
import hudson.Extension;
import hudson.ExtensionList;
import hudson.model.Computer;
import hudson.model.Item;
import hudson.model.Job;
import hudson.model.listeners.ItemListener;
import io.jenkins.plugins.lambdanode.access.AccessSettings;
import io.jenkins.plugins.lambdanode.access.AwsAccess;
import io.jenkins.plugins.lambdanode.access.SavedAccess;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSettings;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionDeletion;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.record.XmlList;
import java.io.File;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.model.Jenkins;

/**
 * The functions that builds of branches have created and that go with their branch ({@code deleteWithBranch}). They are kept
 * outside the jobs, which are gone when they are needed. What could not be deleted is tried again when Jenkins starts.
 */
@Extension
public final class BranchFunctions extends ItemListener {

    private static final Logger LOGGER = Logger.getLogger(BranchFunctions.class.getName());

    private final XmlList<BranchFunction> file = new XmlList<>(
            new File(Jenkins.get().getRootDir(), BranchFunctions.class.getName() + ".xml"),
            BranchFunction.class,
            BranchFunction::isComplete);
    private List<BranchFunction> functions;

    /** A function of a job's branch, with what it takes to delete it. Saved as XML. */
    private static final class BranchFunction {
        private String job;
        private final String functionArn;
        private final String codeSha256;
        private final SavedAccess access;

        BranchFunction(String job, String functionArn, String codeSha256, SavedAccess access) {
            this.job = job;
            this.functionArn = functionArn;
            this.codeSha256 = codeSha256;
            this.access = access;
        }

        boolean isComplete() {
            return job != null && functionArn != null && codeSha256 != null && access != null;
        }

        boolean isOf(String job, String functionArn) {
            return this.job.equals(job) && this.functionArn.equals(functionArn);
        }
    }

    /** Those of this Jenkins. */
    static BranchFunctions get() {
        return ExtensionList.lookupSingleton(BranchFunctions.class);
    }

    /**
     * Remembers a function that a build of a job has deployed.
     *
     * @param created whether that deployment has created it
     * @return whether it goes with the branch: this job has created it, now or before
     */
    synchronized boolean deployed(
            Job<?, ?> job,
            String functionArn,
            String codeSha256,
            boolean created,
            AccessSettings settings,
            EnvVars variables)
            throws IOException {
        Optional<BranchFunction> known = remembered().stream()
                .filter(function -> function.isOf(job.getFullName(), functionArn))
                .findFirst();
        if (known.isEmpty() && !created) {
            return false;
        }
        known.ifPresent(remembered()::remove);
        remembered()
                .add(new BranchFunction(
                        job.getFullName(), functionArn, codeSha256, new SavedAccess(settings, variables)));
        file.write(remembered());
        return true;
    }

    /** Forgets a function, which stays when the job's branch goes. */
    synchronized void keep(Job<?, ?> job, String functionArn) {
        if (remembered().removeIf(function -> function.isOf(job.getFullName(), functionArn))) {
            file.writeOrLog(functions);
        }
    }

    @Override
    public void onDeleted(Item item) {
        of(item.getFullName())
                .forEach(function -> delete(function, item, item.getParent() instanceof Item parent ? parent : null));
    }

    @Override
    public synchronized void onLocationChanged(Item item, String oldFullName, String newFullName) {
        List<BranchFunction> moved = of(oldFullName);
        moved.forEach(function -> function.job = newFullName);
        if (!moved.isEmpty()) {
            file.writeOrLog(functions);
        }
    }

    @Override
    public void onLoaded() {
        Jenkins jenkins = Jenkins.get();
        List<BranchFunction> left;
        synchronized (this) {
            left = remembered().stream()
                    .filter(function -> jenkins.getItemByFullName(function.job) == null)
                    .toList();
        }
        left.forEach(function -> delete(function, null, parent(function.job)));
    }

    /** The nearest folder above a job that is still there; null for Jenkins itself. */
    private static Item parent(String job) {
        int end = job.lastIndexOf('/');
        if (end < 0) {
            return null;
        }
        String folder = job.substring(0, end);
        Item item = Jenkins.get().getItemByFullName(folder);
        return item == null ? parent(folder) : item;
    }

    /**
     * Finds the credentials now, as long as the folder is there, and asks AWS in the background.
     *
     * @param deleted the job, which Jenkins still lists for a moment; null for one that is gone
     */
    private void delete(BranchFunction function, Item deleted, Item folder) {
        AwsAccess access = new AwsAccess(function.access, new EnvVars(), AccessSettings.Defaults.get());
        FunctionName name;
        AwsSettings aws;
        try {
            name = FunctionName.parse(function.functionArn);
            aws = access.settings(name, access.ofForm(folder));
        } catch (DeployException e) {
            logFailure(function, e);
            return;
        }
        Computer.threadPoolForRemoting.submit(() -> delete(function, deleted, name, aws));
    }

    private void delete(BranchFunction function, Item deleted, FunctionName name, AwsSettings aws) {
        try (AwsSession session = AwsSession.open(aws)) {
            Item job = Jenkins.get().getItemByFullName(function.job);
            if (job != null && job != deleted) {
                return; // The branch is back, and its job uses the function again.
            }
            FunctionDeletion.Outcome outcome = new FunctionDeletion(session).delete(name, function.codeSha256);
            LOGGER.info(() -> switch (outcome) {
                case DELETED ->
                    "Deleted function " + function.functionArn + " with " + function.job + ", which created it";
                case GONE -> "Function " + function.functionArn + " of " + function.job + " was deleted before";
                case CHANGED ->
                    "Function " + function.functionArn + " was not deleted with " + function.job
                            + ": its code is not what that job deployed last";
            });
            forget(function);
        } catch (DeployException e) {
            logFailure(function, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOGGER.log(Level.WARNING, "Function " + function.functionArn + " was not deleted", e);
        }
    }

    private static void logFailure(BranchFunction function, DeployException e) {
        LOGGER.warning(() ->
                "Function " + function.functionArn + " was not deleted with " + function.job + ": " + e.getMessage()
                        + "\nIt is tried again when Jenkins starts; or delete it yourself: aws lambda delete-function --function-name "
                        + function.functionArn);
    }

    private synchronized List<BranchFunction> of(String job) {
        return remembered().stream()
                .filter(function -> function.job.equals(job))
                .toList();
    }

    private synchronized void forget(BranchFunction function) {
        remembered().remove(function);
        file.writeOrLog(functions);
    }

    private List<BranchFunction> remembered() {
        if (functions == null) {
            functions = file.read();
        }
        return functions;
    }
}
