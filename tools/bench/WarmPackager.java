import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.pack.Packager;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackRequest;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackSettings;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Packages a project again and again in one JVM, as an agent does. Arguments: the project's folder, a temporary folder.
 * For each line {@code <cache folder> TAB <FILE.zip>} on standard input it builds that package and answers with a line
 * {@code <wall ns> TAB <CPU ns> TAB <peak heap bytes>}. The heap is the sum of the peaks of its pools, garbage included.
 */
public final class WarmPackager {

    public static void main(String[] arguments) throws Exception {
        Path project = Path.of(arguments[0]);
        Path tempDir = Path.of(arguments[1]);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] places = line.split("\t");
            Packager packager = new Packager(project, tempDir, Optional.of(Path.of(places[0])), Progress.NONE);
            PackRequest request = PackRequest.of(PackSettings.DEFAULT, List.of(), true, places[1], false);
            System.gc();
            heap().forEach(MemoryPoolMXBean::resetPeakUsage);
            long cpu = cpuNanos();
            long wall = System.nanoTime();
            packager.pack(request);
            wall = System.nanoTime() - wall;
            cpu = cpuNanos() - cpu;
            long peak = heap().stream().mapToLong(pool -> pool.getPeakUsage().getUsed()).sum();
            System.out.println(wall + "\t" + cpu + "\t" + peak);
        }
    }

    private static List<MemoryPoolMXBean> heap() {
        return ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .toList();
    }

    private static long cpuNanos() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }
}
