package io.jenkins.plugins.lambdanode.engine.aws;

import io.jenkins.plugins.lambdanode.engine.Command;
import io.jenkins.plugins.lambdanode.engine.CommandOutcome;
import io.jenkins.plugins.lambdanode.engine.Progress;
import io.jenkins.plugins.lambdanode.engine.ProjectState;
import io.jenkins.plugins.lambdanode.engine.Workspace;
import io.jenkins.plugins.lambdanode.engine.pack.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.PackRequest;
import io.jenkins.plugins.lambdanode.engine.send.Body;
import io.jenkins.plugins.lambdanode.engine.send.HttpSender;
import io.jenkins.plugins.lambdanode.engine.send.SendReply;
import io.jenkins.plugins.lambdanode.engine.send.SendRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The sending half of a workspace on this machine; it keeps what it was asked to send. */
class SendingWorkspace implements Workspace {

    final List<SendRequest> requests = new CopyOnWriteArrayList<>();
    private final HttpSender sender = new HttpSender(Progress.NONE);

    @Override
    public List<byte[]> digest(List<Body> bodies) throws IOException, InterruptedException {
        List<byte[]> digests = new ArrayList<>();
        for (Body body : bodies) {
            digests.add(sender.digest(body));
        }
        return digests;
    }

    @Override
    public List<SendReply> send(List<SendRequest> batch) throws IOException, InterruptedException {
        requests.addAll(batch);
        return sender.send(batch);
    }

    @Override
    public ProjectState inspect() {
        throw new UnsupportedOperationException();
    }

    @Override
    public CommandOutcome run(Command command) {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean isInstalled(String madeWith, String cacheDir) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void markInstalled(String madeWith, String cacheDir) {
        throw new UnsupportedOperationException();
    }

    @Override
    public PackReport pack(PackRequest request) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
