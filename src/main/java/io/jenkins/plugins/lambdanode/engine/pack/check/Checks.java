package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding.Severity;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackSettings;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import io.jenkins.plugins.lambdanode.engine.pack.inventory.InventoryBuilder.Manifests;
import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import io.jenkins.plugins.lambdanode.engine.pack.zip.PackedContent;
import io.jenkins.plugins.lambdanode.engine.project.production.NpmNote;
import java.io.IOException;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Runs the checks of a package: a new check is a class and a place in one of these lists. */
public final class Checks {

    /** What can be known before any but the files that matter is read. */
    private static final List<Check> BEFORE_PACKAGING = List.of(
            new NamesCheck(),
            new SecretFilesCheck(),
            new RuntimeCheck(),
            new RuntimeSdkCheck(),
            new NodePathCheck(),
            new HandlerCheck(),
            new MissingDependencyCheck(),
            new AddOnCheck(),
            new MissingAddOnCheck(),
            new PlatformPackageCheck(),
            new PrismaCheck());

    /** What only the packed contents show. */
    private static final List<Check> AFTER_PACKAGING = List.of(new PrivateKeyCheck(), new WrongPlatformFilesCheck());

    private final CheckedPackage files;
    private final Set<Finding> findings = new TreeSet<>(Finding.ORDER);

    /**
     * @param project the project's folder
     * @param note what npm notes of it
     * @param settings what was to go in
     * @param dependencyLayer whether node_modules goes into a layer
     * @param knownLayer whether it is in one already
     * @param lockFile the absolute path of the lock file that the install went by; empty for none
     * @param blockedScripts the packages whose install scripts the tool has not run, each with how to approve it
     */
    public Checks(
            Path project,
            NpmNote note,
            PackSettings settings,
            List<SourceEntry> entries,
            List<TargetFunction> functions,
            boolean dependencyLayer,
            boolean knownLayer,
            String lockFile,
            Map<String, String> blockedScripts,
            LocalDate today) {
        files = new CheckedPackage(
                project,
                note,
                settings,
                entries,
                functions,
                dependencyLayer,
                knownLayer,
                lockFile,
                blockedScripts,
                today);
    }

    public void beforePackaging() throws IOException {
        run(BEFORE_PACKAGING);
    }

    /** Tells of each file that has been packed. */
    public void packed(SourceEntry entry, PackedContent content) {
        files.packed(entry, content);
    }

    public void afterPackaging() throws IOException {
        run(AFTER_PACKAGING);
    }

    private void run(List<Check> checks) throws IOException {
        for (Check check : checks) {
            findings.addAll(check.check(files));
        }
    }

    /** Everything found so far: errors first, then by path. */
    public List<Finding> findings() {
        return List.copyOf(findings);
    }

    /** What the checks know of the packages, which have read them. */
    public Manifests manifests() {
        return new Manifests() {
            @Override
            public Map<String, Object> noted(String folder) throws IOException {
                return files.manifest(folder).fields();
            }

            @Override
            public Map<String, Object> read(String folder) throws IOException {
                return files.packageJson(folder).fields();
            }

            @Override
            public Map<String, Object> project() throws IOException {
                return files.projectPackageJson().fields();
            }
        };
    }

    /** Bytes read from the project's files for the checks alone. */
    public long readBytes() {
        return files.readBytes();
    }

    /** @throws DeployException with all errors found so far, if there are any */
    public void requireNoError() throws DeployException {
        String errors = findings.stream()
                .filter(finding -> finding.severity() == Severity.ERROR)
                .map(finding -> "\n  " + (finding.path().isEmpty() ? "" : SafeText.name(finding.path()) + ": ")
                        + finding.message())
                .collect(Collectors.joining());
        if (!errors.isEmpty()) {
            throw new DeployException("The function could not start with this package:" + errors);
        }
    }
}
