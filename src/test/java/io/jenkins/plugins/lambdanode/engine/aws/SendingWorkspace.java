package io.jenkins.plugins.lambdanode.engine.aws;

import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.command.Command;
import io.jenkins.plugins.lambdanode.engine.command.CommandOutcome;
import io.jenkins.plugins.lambdanode.engine.http.Body;
import io.jenkins.plugins.lambdanode.engine.http.HttpSender;
import io.jenkins.plugins.lambdanode.engine.http.SendReply;
import io.jenkins.plugins.lambdanode.engine.http.SendRequest;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackRequest;
import io.jenkins.plugins.lambdanode.engine.project.InstallRun;
import io.jenkins.plugins.lambdanode.engine.project.InstallState;
import io.jenkins.plugins.lambdanode.engine.project.ProjectFolder;
import io.jenkins.plugins.lambdanode.engine.workspace.Workspace;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** The sending half of a workspace on this machine; it keeps what it was asked to send. */
public class SendingWorkspace implements Workspace {

    public final List<SendRequest> requests = new CopyOnWriteArrayList<>();
    private final HttpSender sender = new HttpSender(Progress.NONE);

    @Override
    public List<byte[]> digest(List<Body> bodies) throws IOException, InterruptedException {
        return sender.digests(bodies);
    }

    @Override
    public List<SendReply> send(List<SendRequest> batch) throws IOException, InterruptedException {
        requests.addAll(batch);
        return sender.send(batch);
    }

    @Override
    public ProjectFolder inspect() {
        throw new UnsupportedOperationException();
    }

    @Override
    public CommandOutcome run(Command command) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Optional<String> npmCache() {
        throw new UnsupportedOperationException();
    }

    @Override
    public InstallState installState(InstallRun install) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Optional<String> setModulesAside(String folder) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void settleModules(String folder, String aside, boolean installed) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Optional<String> dependencyKey(String folder, String lockFile, String madeWith) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void markInstalled(InstallRun install, List<String> blocked) {
        throw new UnsupportedOperationException();
    }

    @Override
    public PackReport pack(PackRequest request) {
        throw new UnsupportedOperationException();
    }

    @Override
    public String fetch(String url) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
