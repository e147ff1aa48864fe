# A virtual machine for Java: the compiler at work, a collector with threads, threads that come and go, buffers outside
# of the heap, compression by native code, and a program of its own.
# needs: java javac
# programs: java javac
cat >Work.java <<'END'
import java.nio.ByteBuffer;
import java.util.*;
import java.util.concurrent.*;
import java.util.stream.*;
import java.util.zip.*;

public class Work {
  static long direct(int seed) {
    Random random = new Random(seed);
    ByteBuffer[] kept = new ByteBuffer[32];
    long sum = 0;
    for (int i = 0; i < 3000; i++) {
      int size = 8 + random.nextInt(60000);
      ByteBuffer buffer = ByteBuffer.allocateDirect(size);
      for (int at = 0; at + 8 <= size; at += 4096) {
        if (buffer.getLong(at) != 0) throw new IllegalStateException("not cleared");
        buffer.putLong(at, (long) seed * size);
      }
      ByteBuffer before = kept[i % 32];
      if (before != null) sum += before.getLong(0) + before.capacity();
      kept[i % 32] = buffer;
    }
    return sum;
  }

  static int zip(int seed) throws DataFormatException {
    byte[] input = new byte[300000];
    for (int i = 0; i < input.length; i++) input[i] = (byte) (i * seed % 251);
    int total = 0;
    for (int round = 0; round < 20; round++) {
      Deflater deflater = new Deflater(1 + round % 9);
      deflater.setInput(input);
      deflater.finish();
      byte[] packed = new byte[400000], again = new byte[input.length];
      int length = deflater.deflate(packed);
      deflater.end();
      Inflater inflater = new Inflater();
      inflater.setInput(packed, 0, length);
      total += inflater.inflate(again);
      inflater.end();
      if (!Arrays.equals(input, again)) throw new IllegalStateException("not what was compressed");
    }
    return total;
  }

  public static void main(String[] arguments) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(4);
    List<Future<Long>> sums = new ArrayList<>();
    for (int i = 1; i <= 8; i++) {
      int seed = i;
      sums.add(pool.submit(() -> direct(seed) + zip(seed)));
    }
    for (Future<Long> sum : sums) System.out.println("task " + sum.get());
    pool.shutdown();
    long[] results = new long[1000];
    for (int i = 0; i < results.length; i += 20) {
      Thread[] threads = new Thread[20];
      for (int k = 0; k < threads.length; k++) {
        int index = i + k;
        threads[k] = new Thread(() -> results[index] = "thread".repeat(index).hashCode());
        threads[k].start();
      }
      for (Thread thread : threads) thread.join();
    }
    System.out.println("threads " + Arrays.stream(results).sum());
    Map<String, List<Integer>> map = IntStream.range(0, 300000).boxed().parallel()
        .collect(Collectors.groupingBy(i -> "key" + i * 7919L % 10007, TreeMap::new, Collectors.toList()));
    System.out.println("map " + map.size() + " " + map.values().stream().mapToLong(List::size).sum());
    System.gc();
  }
}
END
javac -J-Xmx256m -d classes Work.java
java -Xmx256m -XX:+UseParallelGC -cp classes Work
java -Xmx256m -XX:+UseG1GC -Xcomp -XX:TieredStopAtLevel=1 -cp classes Work
cat >Hello.java <<'END'
public class Hello {
  public static void main(String[] arguments) {
    System.out.println("compiled in memory " + 6 * 7);
  }
}
END
java -Xmx256m Hello.java
