package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import java.io.IOException;
import java.util.List;

/**
 * One thing that can be wrong with a package. An error is only what is sure: what it says is read from the package alone, and
 * nothing outside it, such as a layer, could change it.
 */
interface Check {
    List<Finding> check(CheckedPackage files) throws IOException;
}
