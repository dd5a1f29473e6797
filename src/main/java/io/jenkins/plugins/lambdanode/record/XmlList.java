package io.jenkins.plugins.lambdanode.record;

import hudson.XmlFile;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/** A list in a small file. A file that can't be read at all is kept beside the one that is written next. */
@Restricted(NoExternalUse.class)
public final class XmlList<T> {

    private static final Logger LOGGER = Logger.getLogger(XmlList.class.getName());

    private final XmlFile file;
    private final Class<T> type;
    private final Predicate<T> isWhole;
    private boolean unreadable;

    /** @param isWhole whether an item has all that it must have: the file can have been damaged */
    public XmlList(File file, Class<T> type, Predicate<T> isWhole) {
        this.file = new XmlFile(file);
        this.type = type;
        this.isWhole = isWhole;
    }

    boolean exists() {
        return file.exists();
    }

    /** The items that are whole; none where there is no file, or, with a warning, where it can't be read. */
    public List<T> read() {
        List<T> items = new ArrayList<>();
        try {
            unreadable = false;
            if (file.exists()) {
                if (!(file.read() instanceof List<?> saved)) {
                    throw new IOException("It is no list");
                }
                for (Object item : saved) {
                    if (type.isInstance(item) && isWhole.test(type.cast(item))) {
                        items.add(type.cast(item));
                    }
                }
            }
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, "It can't be read, and is taken for empty: " + file, e);
            unreadable = true;
        }
        return items;
    }

    public void write(List<T> items) throws IOException {
        if (unreadable) {
            Path kept = Path.of(file.getFile() + ".broken");
            Files.move(file.getFile().toPath(), kept, StandardCopyOption.REPLACE_EXISTING);
            unreadable = false;
            LOGGER.warning(() -> "What could not be read is kept as " + kept);
        }
        file.write(new ArrayList<>(items));
    }

    /** The same, where the caller goes on without the file. */
    public void writeOrLog(List<T> items) {
        try {
            write(items);
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, "It can't be saved: " + file, e);
        }
    }
}
